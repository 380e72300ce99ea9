"""The Metrics tab: requests, errors, latency, throttling, storage and jobs, drawn on the server, with the table behind."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Avg, Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments.jobs import get_kind
from deployments.models import Deployment, JobState, UsageDay
from deployments.selectors import get_deployment_for
from gateway.charts import HEIGHT, WIDTH, Spot, draw, gather, percentile
from gateway.selectors import list_credentials, list_minutes
from portal.models import Role

SPANS = {
    "1h": ("Last hour", timedelta(hours=1)),
    "24h": ("Last day", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
}


@login_required
@require_safe
def index(request: HttpRequest, deployment_id: str) -> HttpResponse:
    deployment = get_deployment_for(request.user, deployment_id, Role.READ)
    chosen = request.GET.get("span", "1h")
    chosen = chosen if chosen in SPANS else "1h"
    label, span = SPANS[chosen]
    minutes = list_minutes(deployment, span)
    spots = gather(minutes, timezone.now(), span)
    latencies = [sum(parts) for parts in zip(*(one.latencies for one in minutes), strict=True)]
    context = {
        "deployment": deployment,
        "spans": [(code, name, code == chosen) for code, (name, _) in SPANS.items()],
        "label": label,
        "width": WIDTH,
        "height": HEIGHT,
        "charts": [
            draw("Requests", "requests", [(spot.start, spot.requests) for spot in spots]),
            draw("Errors", "answers 4xx and 5xx", [(spot.start, _errors(spot)) for spot in spots]),
            draw("Latency, 95th percentile", "ms", [(spot.start, spot.p95) for spot in spots]),
            draw("Throttled", "requests refused with 429", [(spot.start, spot.throttled) for spot in spots]),
        ],
        "credentials": [
            (use, percentile(use.latencies, 0.5), percentile(use.latencies, 0.95))
            for use in list_credentials(deployment, span)
        ],
        "storage": _storage(deployment),
        "jobs": _jobs(deployment, span),
        "spots": [spot for spot in spots if spot.requests],
        "totals": {
            "requests": sum(spot.requests for spot in spots),
            "errors": sum(_errors(spot) for spot in spots),
            "throttled": sum(spot.throttled for spot in spots),
            "p50": percentile(latencies, 0.5) if latencies else None,
            "p99": percentile(latencies, 0.99) if latencies else None,
        },
    }
    return render(request, "gateway/metrics.html", context)


def _errors(spot: Spot) -> int:
    return spot.client_errors + spot.server_errors


def _storage(deployment: Deployment) -> dict[str, Any]:
    """The last thirty days, as they were measured."""
    since = timezone.now().date() - timedelta(days=30)
    measured = UsageDay.objects.filter(
        deployment_id=deployment.pk, day__gte=since, stored_bytes__isnull=False
    ).order_by("day")
    by_day = {day.day: day for day in measured}
    slots = [since + timedelta(days=number) for number in range(31)]
    days = [(datetime.combine(slot, time.min, UTC), by_day.get(slot)) for slot in slots]
    return {
        "days": list(measured),
        "charts": [
            draw(
                "Stored",
                "MiB",
                [(at, round((day.stored_bytes or 0) / 2**20, 2) if day else None) for at, day in days],
            ),
            draw("Resources", "resources", [(at, day.resources if day else None) for at, day in days]),
        ],
    }


def _jobs(deployment: Deployment, span: timedelta) -> list[dict[str, Any]]:
    """Each kind of job with how many ended how in the span."""
    jobs = deployment.jobs.filter(created__gte=timezone.now() - span)
    found = jobs.values("kind").annotate(
        done=Count("pk", filter=Q(state=JobState.DONE)),
        failed=Count("pk", filter=Q(state__in=[JobState.FAILED, JobState.CANCELLED])),
        open=Count("pk", filter=Q(state__in=[JobState.QUEUED, JobState.RUNNING])),
        took=Avg(F("finished") - F("started"), filter=Q(state=JobState.DONE)),
    )
    titles = {row["kind"]: get_kind(row["kind"]).title for row in found}
    return [{**row, "title": titles[row["kind"]]} for row in found.order_by("kind")]
