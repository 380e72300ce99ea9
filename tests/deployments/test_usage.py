"""Running hours are metered once, priced by size, and outlive their deployment."""

from datetime import UTC, datetime
from decimal import Decimal

import time_machine

from deployments import usage
from deployments.models import Deployment, RunningHour, State
from portal.models import Tenant
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
