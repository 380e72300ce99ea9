"""Running hours are metered once, priced by size, and outlive their deployment."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import DatabaseError

from deployments import usage, usage_days
from deployments.models import Deployment, RunningDay, State, UsageDay
from fhirserver import bulk, partitions
from portal.models import SizePrice, Tenant, User
from portal.subscriptions import start_trial, subscribe
from portal.usage import make_statement

NOON = datetime(2026, 3, 10, 12, 5, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def test_an_hour_is_noted_once_however_often_it_is_metered(deployment: Deployment) -> None:
    Deployment.objects.update(state=State.RUNNING)
    with time_machine.travel(NOON):
        assert [usage.meter(), usage.meter()] == [1, 0]
    noted = RunningDay.objects.get()
    assert (noted.day, noted.hours, noted.last) == (NOON.date(), 1, NOON.replace(minute=0))


def test_a_stopped_deployment_costs_nothing(deployment: Deployment) -> None:
    Deployment.objects.update(state=State.STOPPED)
    assert usage.meter() == 0


def test_the_statement_of_a_month_has_the_hours_of_a_deployment_that_is_gone(
    deployment: Deployment, tenant: Tenant
) -> None:
    Deployment.objects.update(state=State.RUNNING)
    for hour in (12, 13):
        with time_machine.travel(NOON.replace(hour=hour)):
            usage.meter()
    deployment.delete()
    (line,) = make_statement(tenant, MARCH).lines
    assert (line.deployment, line.description, line.quantity, line.amount) == (
        "Ward 7",
        "Extra Small",
        Decimal(2),
        Decimal(8),
    )


def test_a_new_price_holds_from_then_on(deployment: Deployment, tenant: Tenant) -> None:
    Deployment.objects.update(state=State.RUNNING)
    with time_machine.travel(NOON):
        usage.meter()
    SizePrice.objects.filter(size="xs").update(hour=6)
    with time_machine.travel(NOON.replace(hour=13)):
        usage.meter()
    assert [line.unit_price for line in make_statement(tenant, MARCH).lines] == [Decimal(4), Decimal(6)]


def test_each_hour_is_charged_once_whatever_changes_within_it(deployment: Deployment, tenant: Tenant) -> None:
    """Metered every twenty minutes over the end of a month, while size, price and name change and it stops now and then."""
    begin = datetime(2026, 2, 27, tzinfo=UTC)
    hours: dict[datetime, tuple[str, str, int]] = {}
    for number in range(3 * 24 * 4):
        now = begin + timedelta(minutes=20 * number)
        size = "s" if number % 25 > 12 else "xs"
        SizePrice.objects.filter(size=size).update(hour=4 + number // 100)
        Deployment.objects.update(
            state=State.STOPPED if number % 20 > 15 else State.RUNNING,
            size=size,
            name=f"Ward {number // 150}",
        )
        deployment.refresh_from_db()
        with time_machine.travel(now, tick=False):
            usage.meter()
        if deployment.state == State.RUNNING:
            terms = (deployment.name, size, 4 + number // 100)
            hours.setdefault(now.replace(minute=0), terms)
    for month in (2, 3):
        wanted = Counter(terms for hour, terms in hours.items() if hour.month == month)
        lines = make_statement(tenant, datetime(2026, month, 1, tzinfo=UTC)).lines
        charged = sorted((line.deployment, int(line.unit_price), int(line.quantity)) for line in lines)
        assert charged == sorted((name, price, many) for (name, _, price), many in wanted.items())
        assert len(charged) > 2


def test_a_worker_that_is_late_charges_no_hour_again(deployment: Deployment) -> None:
    """It read the clock before midnight and writes after another has noted both hours."""
    Deployment.objects.update(state=State.RUNNING)
    for hour in (NOON.replace(hour=23), NOON.replace(day=11, hour=0)):
        with time_machine.travel(hour):
            assert usage.meter() == 1
    Deployment.objects.update(size="s")
    with time_machine.travel(NOON.replace(hour=23)):
        assert usage.meter() == 0


@pytest.mark.django_db(databases="__all__")
def test_storage_is_measured_once_a_day_and_charged_by_the_month(
    deployment: Deployment, tenant: Tenant
) -> None:
    partition = partitions.reserve(deployment.region.database)
    Deployment.objects.update(partition=partition.number)
    bulk.load(partition, ({"resourceType": "Patient", "id": f"p{n}"} for n in range(3)))
    with time_machine.travel(NOON):
        assert [usage_days.measure_storage(), usage_days.measure_storage()] == [1, 0]
    day = UsageDay.objects.get()
    assert (day.resources, day.stored_bytes) == (3, partitions.stored_bytes(partition))
    UsageDay.objects.update(stored_bytes=31 * 2**30)
    (line,) = make_statement(tenant, MARCH).lines
    assert (line.description, line.quantity, line.amount) == ("Storage", Decimal(1), Decimal(12))


def test_a_store_that_does_not_answer_is_measured_later(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(partition: object) -> int:
        raise DatabaseError

    Deployment.objects.update(partition=1)
    monkeypatch.setattr(usage_days.partitions, "stored_bytes", down)
    assert usage_days.measure_storage() == 0
    assert not UsageDay.objects.exists()


def test_a_trial_costs_nothing_and_what_comes_after_it_its_price(
    deployment: Deployment, tenant: Tenant, alice: User
) -> None:
    Deployment.objects.update(state=State.RUNNING)
    with time_machine.travel(NOON):
        start_trial(tenant, actor=alice)
        usage.meter()
        usage_days.day_of(deployment, NOON.date())
    subscribe(tenant, actor=alice)
    with time_machine.travel(NOON + timedelta(days=1)):
        usage.meter()
        usage_days.day_of(deployment, NOON.date() + timedelta(days=1))
    UsageDay.objects.update(requests=1_000_000)
    lines = make_statement(tenant, MARCH).lines
    assert [(line.description, line.price_words, line.amount) for line in lines] == [
        ("Extra Small", "free", Decimal(0)),
        ("Extra Small", "€0.04 an hour", Decimal(4)),
        ("Requests", "free", Decimal(0)),
        ("Requests", "€0.90 a million requests", Decimal(90)),
    ]
