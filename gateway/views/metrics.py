"""The Metrics tab: requests, errors, latency and throttling over time, drawn on the server, with the table behind."""

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployments.selectors import get_deployment_for
from gateway.charts import HEIGHT, WIDTH, Spot, draw, gather, percentile
from gateway.selectors import list_minutes
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
