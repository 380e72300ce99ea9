"""What the metrics tell of a deployment in a span of time: for the page, which draws it, and for the Management API."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, F, Q
from django.utils import timezone

from deployments.jobs import get_kind
from deployments.models import Deployment, JobState, UsageDay
from gateway.charts import Spot, Tallied, gather, percentile
from gateway.selectors import CredentialUse, OtherUse, list_credentials, list_hours, list_minutes

SPANS = {
    "1h": ("Last hour", timedelta(hours=1)),
    "24h": ("Last day", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
}
# Longer spans are made of whole hours, and so are their columns: two hours, twelve hours.
COLUMNS_OF_HOURS = {"7d": 84, "30d": 60}
DEFAULT_SPAN = "1h"
STORAGE_DAYS = 30


@dataclass(frozen=True)
class MeasuredUse:
    """What one credential did, and how long half and 95 percent of its answers took at most, in milliseconds."""

    use: CredentialUse
    p50: float | None
    p95: float | None


@dataclass(frozen=True)
class Measures:
    """`spots` are equal parts of the span, oldest first; `storage` the days on which it was measured."""

    span: str
    spots: list[Spot]
    totals: dict[str, Any]
    credentials: list[MeasuredUse]
    other_credentials: OtherUse
    jobs: list[dict[str, Any]]
    storage: list[UsageDay]

    @property
    def label(self) -> str:
        return SPANS[self.span][0]


def errors_of(spot: Spot) -> int:
    return spot.client_errors + spot.server_errors


def measure(deployment: Deployment, span: str) -> Measures:
    """`span` is a key of SPANS."""
    _, length = SPANS[span]
    spots, counts = _spots(deployment, span, length)
    latencies = [sum(parts) for parts in zip(*(one.latencies for one in counts), strict=True)]
    totals = {
        "requests": sum(spot.requests for spot in spots),
        "errors": sum(errors_of(spot) for spot in spots),
        "throttled": sum(spot.throttled for spot in spots),
        "p50": percentile(latencies, 0.5) if latencies else None,
        "p99": percentile(latencies, 0.99) if latencies else None,
    }
    uses, others = list_credentials(deployment, length)
    credentials = [
        MeasuredUse(use, percentile(use.latencies, 0.5), percentile(use.latencies, 0.95)) for use in uses
    ]
    return Measures(span, spots, totals, credentials, others, _jobs(deployment, length), _storage(deployment))


def _spots(deployment: Deployment, span: str, length: timedelta) -> tuple[list[Spot], list[Tallied]]:
    """The parts of the span, and the counts that they are made of."""
    now = timezone.now()
    if span in COLUMNS_OF_HOURS:
        until = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        hours = list_hours(deployment, until - length)
        return gather(hours, until, length, COLUMNS_OF_HOURS[span]), hours
    minutes = list_minutes(deployment, now - length)
    return gather(minutes, now, length), minutes


def _storage(deployment: Deployment) -> list[UsageDay]:
    since = timezone.now().date() - timedelta(days=STORAGE_DAYS)
    measured = UsageDay.objects.filter(
        deployment_id=deployment.pk, day__gte=since, stored_bytes__isnull=False
    )
    return list(measured.order_by("day"))


def _jobs(deployment: Deployment, length: timedelta) -> list[dict[str, Any]]:
    """Each kind of job with how many ended how in the span."""
    jobs = deployment.jobs.filter(created__gte=timezone.now() - length)
    found = jobs.values("kind").annotate(
        done=Count("pk", filter=Q(state=JobState.DONE)),
        failed=Count("pk", filter=Q(state__in=[JobState.FAILED, JobState.CANCELLED])),
        open=Count("pk", filter=Q(state__in=[JobState.QUEUED, JobState.RUNNING])),
        took=Avg(F("finished") - F("started"), filter=Q(state=JobState.DONE)),
    )
    return [{**row, "title": get_kind(row["kind"]).title} for row in found.order_by("kind")]
