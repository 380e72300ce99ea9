"""An external identity provider: checked rule by rule, then saved."""

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from credentials.models import AuthenticationServer, ServerKind
from deployments.models import Deployment
from deployments.views.loaded import deployment_view
from portal.access import signed_in
from portal.models import Role
from smart.forms import ExternalServerForm
from smart.preflight import Findings, check_introspection, check_provider, check_token
from smart.trail import note_change

_FIELDS = (
    *("name", "issuer", "audience", "scope_claim", "patient_claim", "fhir_user_claim"),
    *("introspection_client_id", "leeway"),
)


@sensitive_post_parameters("token", "introspection_secret")
@require_http_methods(["GET", "HEAD", "POST"])
@deployment_view(Role.ADMIN)
def create(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    return _page(request, deployment, AuthenticationServer(deployment=deployment, kind=ServerKind.EXTERNAL))


@sensitive_post_parameters("token", "introspection_secret")
@require_http_methods(["GET", "HEAD", "POST"])
@deployment_view(Role.ADMIN)
def change(request: HttpRequest, deployment: Deployment, server_id: int) -> HttpResponse:
    server = get_object_or_404(
        AuthenticationServer, pk=server_id, deployment=deployment, kind=ServerKind.EXTERNAL
    )
    return _page(request, deployment, server)


def _page(request: HttpRequest, deployment: Deployment, server: AuthenticationServer) -> HttpResponse:
    """“Check” shows the rules; “Save” checks again, and saves only what passes."""
    initial = {name: getattr(server, name) for name in _FIELDS} if server.pk else None
    form = ExternalServerForm(request.POST or None, initial=initial)
    findings: Findings | None = None
    if request.method == "POST" and form.is_valid():
        findings = _checked(form.cleaned_data, server)
        if "save" in request.POST and findings.good and _saved(server):
            note_change(deployment, "server_saved", server.issuer, by=signed_in(request))
            messages.success(request, f"{server.name} is saved. Register its applications now.")
            return redirect("oauth:index", deployment.pk)
        if "save" in request.POST and findings.good:
            form.add_error("issuer", "This issuer is configured already.")
    context = {"deployment": deployment, "form": form, "server": server, "findings": findings}
    return render(request, "smart/pages/external.html", context, status=422 if form.errors else 200)


def _checked(given: dict[str, Any], server: AuthenticationServer) -> Findings:
    for name in _FIELDS:
        setattr(server, name, given[name])
    if given["introspection_secret"] or not given["introspection_client_id"]:
        server.introspection_secret = given["introspection_secret"]
    findings = check_provider(server.issuer)
    server.metadata, server.jwks_uri = findings.metadata, str(findings.metadata.get("jwks_uri", ""))
    if server.introspection_client_id and findings.metadata:
        check_introspection(server, findings)
    if given["token"] and findings.good:
        check_token(given["token"], server, findings)
    return findings


def _saved(server: AuthenticationServer) -> bool:
    try:
        with transaction.atomic():
            server.save()
    except IntegrityError:
        return False
    return True
