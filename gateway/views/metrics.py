"""The Metrics tab: requests, errors, latency, throttling, storage and jobs, drawn on the server, with the table behind."""

from datetime import UTC, datetime, time, timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments.models import UsageDay
from deployments.selectors import get_deployment_for
from gateway.charts import HEIGHT, WIDTH, Chart, Spot, draw
from gateway.measures import DEFAULT_SPAN, SPANS, STORAGE_DAYS, errors_of, measure
from portal.models import Role


@login_required
@require_safe
def index(request: HttpRequest, deployment_id: str) -> HttpResponse:
    deployment = get_deployment_for(request.user, deployment_id, Role.READ)
    asked = request.GET.get("span", DEFAULT_SPAN)
    measures = measure(deployment, asked if asked in SPANS else DEFAULT_SPAN)
    context = {
        "deployment": deployment,
        "spans": [(code, name, code == measures.span) for code, (name, _) in SPANS.items()],
        "measures": measures,
        "width": WIDTH,
        "height": HEIGHT,
        "charts": _request_charts(measures.spots),
        "storage_charts": _storage_charts(measures.storage),
        "spots": [spot for spot in measures.spots if spot.requests],
    }
    return render(request, "gateway/metrics.html", context)


def _request_charts(spots: list[Spot]) -> list[Chart]:
    return [
        draw("Requests", "requests", [(spot.start, spot.requests) for spot in spots]),
        draw("Errors", "answers 4xx and 5xx", [(spot.start, errors_of(spot)) for spot in spots]),
        draw("Latency, 95th percentile", "ms", [(spot.start, spot.p95) for spot in spots]),
        draw("Throttled", "requests refused with 429", [(spot.start, spot.throttled) for spot in spots]),
    ]


def _storage_charts(measured: list[UsageDay]) -> list[Chart]:
    """The last thirty days; those that were not measured are empty."""
    since = timezone.now().date() - timedelta(days=STORAGE_DAYS)
    by_day = {day.day: day for day in measured}
    slots = [since + timedelta(days=number) for number in range(STORAGE_DAYS + 1)]
    days = [(datetime.combine(slot, time.min, UTC), by_day.get(slot)) for slot in slots]
    sizes = [(at, round((day.stored_bytes or 0) / 2**20, 2) if day else None) for at, day in days]
    return [
        draw("Stored", "MiB", sizes),
        draw("Resources", "resources", [(at, day.resources if day else None) for at, day in days]),
    ]
