"""Hours that earlier versions noted one by one: those from before prices were kept get the price that held then, and all are added up by the day."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from deployments.models import RunningDay
from portal.models import Tenant
from portal.usage import make_statement

price = import_module("deployments.migrations.0009_price_early_hours").price
add_up = import_module("deployments.migrations.0014_running_days").add_up
START = datetime(2026, 1, 1, tzinfo=UTC)

Note = Callable[..., None]


@pytest.fixture
def old_hours(db: None) -> Any:
    """The model of then, with its table."""
    model = (
        MigrationLoader(connection)
        .project_state(("deployments", "0013_upstream_facts"))
        .apps.get_model("deployments", "RunningHour")
    )
    editor = connection.schema_editor()
    editor.deferred_sql = []
    with connection.cursor() as cursor:
        cursor.execute(*editor.table_sql(model))
    return model


@pytest.fixture
def note(old_hours: Any, tenant: Tenant) -> Note:
    """`note(hour, cents)`: one of a deployment of that size, `hour` hours after START."""

    def create(hour: int, cents: int, size: str = "xs", ha: bool = False, name: str = "Ward 7") -> None:
        old_hours.objects.create(
            tenant_id=tenant.pk,
            deployment_id=f"{size}{ha}{name}"[:12],
            name=name,
            size=size,
            high_availability=ha,
            price=cents,
            hour=START + timedelta(hours=hour),
        )

    return create


def migrate(function: Callable[..., None], old_hours: Any) -> None:
    models = {"RunningHour": old_hours, "RunningDay": RunningDay}
    function(
        SimpleNamespace(get_model=lambda _, name: models[name]),
        SimpleNamespace(connection=connection),
    )


def test_early_hours_get_the_price_of_then_and_free_ones_stay_free(
    old_hours: Any, note: Note, tenant: Tenant
) -> None:
    note(0, 0)
    note(1, 0, "s", ha=True)
    note(2, 9)
    note(3, 0)
    migrate(price, old_hours)
    assert list(old_hours.objects.values_list("price", flat=True)) == [4, 27, 9, 0]
    migrate(add_up, old_hours)
    assert make_statement(tenant, START).total == 40


def test_without_any_price_all_hours_are_early(old_hours: Any, note: Note) -> None:
    note(0, 0, "m")
    migrate(price, old_hours)
    assert old_hours.objects.get().price == 29


def test_hours_added_up_by_the_day_are_charged_as_hours_were(
    old_hours: Any, note: Note, tenant: Tenant
) -> None:
    """Hours of three months, on terms that change within a day, with gaps."""
    numbers = count()
    for hour in range(0, 24 * 75, 5):
        number = next(numbers)
        note(hour, [4, 6][number > 150], ["xs", "s"][number % 3 > 1], number % 7 == 0, f"Ward {number % 2}")
    wanted = {}
    for start, end in [
        (START, datetime(2026, 2, 1, tzinfo=UTC)),
        (datetime(2026, 2, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
    ]:
        terms = ("name", "size", "high_availability", "price")
        rows = old_hours.objects.filter(hour__gte=start, hour__lt=end)
        wanted[start] = Counter(rows.values_list(*terms))
    migrate(add_up, old_hours)
    for start, hours in wanted.items():
        charged = [
            (line.deployment, int(line.unit_price), int(line.quantity))
            for line in make_statement(tenant, start).lines
        ]
        assert sorted(charged) == sorted(
            (name, cents, hours[name, size, ha, cents]) for name, size, ha, cents in hours
        )
        assert len(charged) > 4
