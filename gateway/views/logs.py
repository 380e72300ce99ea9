"""The Logs tab: the list with its filters, and one request with its explanation."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from deployments.selectors import get_deployment_for
from gateway.audit_keeping import keeps_audit_events, set_keeping
from gateway.explaining import explain, parts_of
from gateway.exporting import download
from gateway.forms import LogFilterForm
from gateway.replay import explorer_address
from gateway.selectors import get_request, list_requests
from portal.access import signed_in
from portal.models import Role
from portal.plans import get_terms
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
    asked = request.GET.copy()
    asked.pop("before", None)
    context = {
        "deployment": deployment,
        "form": form,
        "page": page,
        "filtered": bool(form.filters()),
        "asked": asked.urlencode(),
        "log_days": get_terms(deployment.tenant).log_days,
        "keeps_events": keeps_audit_events(deployment),
        "may_admin": deployment.role >= Role.ADMIN,
    }
    return render(request, "gateway/logs.html", context)


@login_required
@never_cache
@require_safe
def export_log(request: HttpRequest, deployment_id: str) -> StreamingHttpResponse:
    """What the filters show, as NDJSON."""
    deployment = get_deployment_for(request.user, deployment_id, Role.WRITE)
    return download(deployment, LogFilterForm(request.GET).filters(), signed_in(request))


@login_required
@never_cache
@require_safe
def export_audit_events(request: HttpRequest, deployment_id: str) -> StreamingHttpResponse:
    """What the filters show and touched patient data, as FHIR AuditEvents."""
    deployment = get_deployment_for(request.user, deployment_id, Role.WRITE)
    return download(deployment, LogFilterForm(request.GET).filters(), signed_in(request), as_events=True)


@login_required
@require_POST
def keep_events(request: HttpRequest, deployment_id: str) -> HttpResponse:
    deployment = get_deployment_for(request.user, deployment_id, Role.ADMIN)
    keeps = request.POST.get("keeps") == "yes"
    set_keeping(deployment, keeps, by=signed_in(request))
    said = "From now on, audit events are kept" if keeps else "Audit events are no longer kept"
    messages.success(request, f"{said} in {deployment.name}.")
    return redirect("logs:index", deployment.pk)


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
        "parts": parts_of(line),
    }
    return render(request, "gateway/trace.html", context)
