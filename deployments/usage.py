"""Meters running deployments by the hour, and tells the portal's statements what to charge."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from django.db.models import Count
from django.utils import timezone

from deployments.models import Deployment, RunningHour, State
from deployments.sizes import get_size
from portal.models import Tenant
from portal.plans import size_prices
from portal.usage import UsageLine


def meter() -> int:
    """Note that this hour is charged for each deployment that serves now; returns how many are new to it."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    running = Deployment.objects.filter(state__in=[State.RUNNING, State.UPDATING])
    prices = size_prices()
    noted = set(RunningHour.objects.filter(hour=hour).values_list("deployment_id", flat=True))
    new = [
        RunningHour(
            tenant_id=one.tenant_id,
            deployment_id=one.pk,
            name=one.name,
            size=one.size,
            high_availability=one.high_availability,
            price=prices[one.size].hour_highly_available if one.high_availability else prices[one.size].hour,
            hour=hour,
        )
        for one in running
        if one.pk not in noted
    ]
    RunningHour.objects.bulk_create(new, ignore_conflicts=True)
    return len(new)


def lines_of(tenant: Tenant, start: datetime, end: datetime) -> Iterator[UsageLine]:
    """One line for each deployment and size of the month."""
    hours = (
        RunningHour.objects.filter(tenant=tenant, hour__gte=start, hour__lt=end)
        .values_list("name", "size", "high_availability", "price")
        .annotate(hours=Count("pk"))
        .order_by("name", "size", "price")
    )
    for name, size, high_availability, cents, count in hours:
        description = get_size(size).title + (", highly available" if high_availability else "")
        yield UsageLine(name, description, Decimal(count), "hour", Decimal(cents))
