"""A connected server on its deployment's pages: how it is, and how it is told who asks."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxDetails

from deployments.models import Deployment
from deployments.upstream import check_health, last_health
from deployments.upstream_credentials import describe
from deployments.upstream_forms import UpstreamForm, UpstreamScheme
from deployments.views.loaded import deployment_view
from portal.models import Role

FRESH = timedelta(seconds=30)
SOON_ENOUGH = timedelta(seconds=2)


def upstream_context(deployment: Deployment) -> dict[str, Any]:
    """What is known of the connected server; the page asks it anew when that is `stale`."""
    health = last_health(deployment)
    checked = datetime.fromisoformat(health.checked) if health else None
    version = health.fhir_version if health else ""
    return {
        "deployment": deployment,
        "health": health,
        "checked": checked,
        "stale": checked is None or timezone.now() - checked > FRESH,
        "authorization": describe(deployment.upstream_credential),
        "foreign_version": bool(version) and not version.startswith("4.0"),
    }


def upstream_settings(deployment: Deployment) -> dict[str, Any]:
    return {
        "upstream_schemes": UpstreamScheme.choices,
        "upstream_form": UpstreamForm(base=deployment.upstream),
        "authorization": describe(deployment.upstream_credential),
    }


@never_cache
@require_safe
@deployment_view(Role.READ)
def upstream(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    """Ask the connected server now, unless it was asked a moment ago."""
    if not deployment.upstream:
        return redirect("deployments:overview", deployment.pk)
    known = last_health(deployment)
    wait = SOON_ENOUGH if "again" in request.GET else FRESH
    if known is None or timezone.now() - datetime.fromisoformat(known.checked) > wait:
        check_health(deployment)
    details = getattr(request, "htmx", None)
    if isinstance(details, HtmxDetails) and details:
        context = upstream_context(deployment) | {"stale": False}
        return render(request, "deployments/parts/upstream.html", context)
    return redirect("deployments:overview", deployment.pk)
