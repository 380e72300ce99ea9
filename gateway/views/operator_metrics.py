"""`/metrics`: the counts of all deployments, for the operator's Prometheus server."""

import hmac

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deployments.models import Deployment
from gateway.prometheus import CONTENT_TYPE, render_metrics


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Needs `Authorization: Bearer` and METRICS_TOKEN; where that is not set, there is no such page."""
    if not settings.METRICS_TOKEN:
        raise Http404
    presented = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(presented, f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse(
            "Send the value of METRICS_TOKEN as a bearer token.\n",
            status=401,
            content_type="text/plain",
            headers={"WWW-Authenticate": 'Bearer realm="metrics"'},
        )
    return HttpResponse(render_metrics(Deployment.objects.all()), content_type=CONTENT_TYPE)
