"""The Logs tab: the list with its filters, and one request with its explanation."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deployments.selectors import get_deployment_for
from gateway.explaining import explain
from gateway.forms import LogFilterForm
from gateway.replay import explorer_address
from gateway.selectors import get_request, list_requests
from portal.models import Role
from portal.secrets import UnreadableSecret


@login_required
@never_cache
@require_safe
def index(request: HttpRequest, deployment_id: str) -> HttpResponse:
    deployment = get_deployment_for(request.user, deployment_id, Role.WRITE)
    form = LogFilterForm(request.GET)
    before = request.GET.get("before", "")
    page = list_requests(
        deployment, form.filters(), int(before) if before.isdecimal() and len(before) < 19 else None
    )
    context = {"deployment": deployment, "form": form, "page": page, "filtered": bool(form.filters())}
    return render(request, "gateway/logs.html", context)


@login_required
@never_cache
@require_safe
def trace(request: HttpRequest, deployment_id: str, trace_id: str) -> HttpResponse:
    deployment = get_deployment_for(request.user, deployment_id, Role.WRITE)
    line = get_request(deployment, trace_id)
    try:
        query, unreadable = line.query, False
    except UnreadableSecret:
        query, unreadable = "", True
    context = {
        "deployment": deployment,
        "line": line,
        "query": query,
        "unreadable": unreadable,
        "claims": line.checked_claims(),
        "explanation": explain(line),
        "replay": explorer_address(line),
    }
    return render(request, "gateway/trace.html", context)
