"""Hours that were metered before prices were kept are charged at the price that held then."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from deployments.models import RunningHour
from portal.models import Tenant
from portal.usage import make_statement

price = import_module("deployments.migrations.0009_price_early_hours").price
START = datetime(2026, 1, 1, tzinfo=UTC)


def hour(tenant: Tenant, number: int, cents: int, size: str = "xs", ha: bool = False) -> None:
    RunningHour.objects.create(
        tenant=tenant,
        deployment_id=f"{size}{ha}"[:12],
        name="Ward 7",
        size=size,
        high_availability=ha,
        price=cents,
        hour=START + timedelta(hours=number),
    )


@pytest.mark.django_db
def test_early_hours_get_the_price_of_then_and_free_ones_stay_free(tenant: Tenant) -> None:
    hour(tenant, 0, 0)
    hour(tenant, 1, 0, "s", ha=True)
    hour(tenant, 2, 9)
    hour(tenant, 3, 0)
    price(apps, SimpleNamespace(connection=connection))
    assert list(RunningHour.objects.values_list("price", flat=True)) == [4, 27, 9, 0]
    assert make_statement(tenant, START).total == 40


@pytest.mark.django_db
def test_without_any_price_all_hours_are_early(tenant: Tenant) -> None:
    hour(tenant, 0, 0, "m")
    price(apps, SimpleNamespace(connection=connection))
    assert RunningHour.objects.get().price == 29
