"""Meters running deployments by the hour, and tells the portal's statements what to charge."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from deployments.models import Deployment, RunningDay, State
from deployments.sizes import get_size
from portal.models import SizePrice, Tenant
from portal.plans import size_prices
from portal.subscriptions import list_free_tenants
from portal.usage import UsageLine

_TERMS = ("deployment_id", "day", "name", "size", "high_availability", "price")


@transaction.atomic
def meter() -> int:
    """Note that this hour is charged for each deployment that serves now; returns how many are new to it."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    # Locked, so that two workers never note one hour twice, on different terms neither.
    running = Deployment.objects.select_for_update().filter(state__in=[State.RUNNING, State.UPDATING])
    prices, free = size_prices(), list_free_tenants()
    today = [
        _day_of(one, hour, 0 if one.tenant_id in free else _price_of(one, prices))
        for one in running.order_by("pk")
    ]
    kept = RunningDay.objects.filter(
        day__gte=hour.date(), deployment_id__in=[one.deployment_id for one in today]
    )
    noted = {one.deployment_id for one in kept if one.last >= hour}
    hours = {_terms_of(one): one.hours for one in kept}
    new = [one for one in today if one.deployment_id not in noted]
    for one in new:
        one.hours += hours.get(_terms_of(one), 0)
    RunningDay.objects.bulk_create(
        new, update_conflicts=True, unique_fields=_TERMS, update_fields=["hours", "last"]
    )
    return len(new)


def _price_of(deployment: Deployment, prices: dict[str, SizePrice]) -> int:
    """Cents for an hour."""
    price = prices[deployment.size]
    return price.hour_highly_available if deployment.high_availability else price.hour


def _day_of(deployment: Deployment, hour: datetime, price: int) -> RunningDay:
    """With this hour alone."""
    return RunningDay(
        tenant_id=deployment.tenant_id,
        deployment_id=deployment.pk,
        day=hour.date(),
        name=deployment.name,
        size=deployment.size,
        high_availability=deployment.high_availability,
        price=price,
        hours=1,
        last=hour,
    )


def _terms_of(day: RunningDay) -> tuple[Any, ...]:
    return tuple(getattr(day, name) for name in _TERMS)


def lines_of(tenant: Tenant, start: datetime, end: datetime) -> Iterator[UsageLine]:
    """One line for each deployment and size of the month."""
    days = (
        RunningDay.objects.filter(tenant=tenant, day__gte=start.date(), day__lt=end.date())
        .values_list("name", "size", "high_availability", "price")
        .annotate(total=Sum("hours"))
        .order_by("name", "size", "price")
    )
    for name, size, high_availability, cents, hours in days:
        description = get_size(size).title + (", highly available" if high_availability else "")
        yield UsageLine(name, description, Decimal(hours), "hour", Decimal(cents))
