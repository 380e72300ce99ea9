"""Running hours are metered once, priced by size, and outlive their deployment."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.db import DatabaseError

from deployments import usage, usage_days
from deployments.models import Deployment, RunningHour, State, UsageDay
from fhirserver import bulk, partitions
from portal.models import SizePrice, Tenant
from portal.usage import make_statement

NOON = datetime(2026, 3, 10, 12, 5, tzinfo=UTC)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def test_an_hour_is_noted_once_however_often_it_is_metered(deployment: Deployment) -> None:
    Deployment.objects.update(state=State.RUNNING)
    with time_machine.travel(NOON):
        assert [usage.meter(), usage.meter()] == [1, 0]
    assert RunningHour.objects.get().hour == NOON.replace(minute=0)


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
