"""Rolls the minutes' counts up into each deployment's days: what is charged outlives the counts."""

from datetime import UTC, datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from deployments.models import Deployment, UsageDay
from deployments.usage_days import day_of
from gateway.models import MinuteCount


def roll_up_requests() -> int:
    """Today and yesterday, whose last minutes may have come late; returns how many days had requests."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return sum(_roll_up(today - timedelta(days=back)) for back in (1, 0))


def _roll_up(start: datetime) -> int:
    day = start.astimezone(UTC).date()
    counts = (
        MinuteCount.objects.filter(minute__gte=start, minute__lt=start + timedelta(days=1))
        .values_list("deployment_id")
        .annotate(total=Sum("requests"))
    )
    totals = dict(counts)
    for deployment in Deployment.objects.filter(pk__in=totals):
        row = day_of(deployment, day)
        UsageDay.objects.filter(pk=row.pk).update(requests=totals[deployment.pk])
    return len(totals)
