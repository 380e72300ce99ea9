"""An external identity provider: checked rule by rule, then saved."""

from dataclasses import fields

from django.contrib import messages
from django.core.exceptions import ValidationError
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
from smart.preflight import Findings
from smart.server_services import ProviderSettings, check_server, delete_server, save_server

# What the form shows of a saved server: never its secret.
_SHOWN = [field.name for field in fields(ProviderSettings) if field.name != "introspection_secret"]


@sensitive_post_parameters("token", "introspection_secret")
@require_http_methods(["GET", "HEAD", "POST"])
@deployment_view(Role.ADMIN)
def create(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    return _page(request, deployment, AuthenticationServer(deployment=deployment, kind=ServerKind.EXTERNAL))


@sensitive_post_parameters("token", "introspection_secret")
@require_http_methods(["GET", "HEAD", "POST"])
@deployment_view(Role.ADMIN)
def change(request: HttpRequest, deployment: Deployment, server_id: int) -> HttpResponse:
    return _page(request, deployment, _get(deployment, server_id))


@require_http_methods(["GET", "HEAD", "POST"])
@deployment_view(Role.ADMIN)
def delete(request: HttpRequest, deployment: Deployment, server_id: int) -> HttpResponse:
    """Asks for the name first."""
    server = _get(deployment, server_id)
    if request.method == "POST" and request.POST.get("name", "").strip() == server.name:
        delete_server(server, by=signed_in(request))
        messages.success(request, f"{server.name} is gone, and its applications here with it.")
        return redirect("oauth:index", deployment.pk)
    context = {"deployment": deployment, "server": server, "wrong": request.method == "POST"}
    return render(request, "smart/pages/server_delete.html", context)


def _get(deployment: Deployment, server_id: int) -> AuthenticationServer:
    return get_object_or_404(
        AuthenticationServer.objects.select_related("deployment__tenant"),
        pk=server_id,
        deployment=deployment,
        kind=ServerKind.EXTERNAL,
    )


def _page(request: HttpRequest, deployment: Deployment, server: AuthenticationServer) -> HttpResponse:
    """“Check” shows the rules; “Save” checks again, and saves only what passes."""
    initial = {name: getattr(server, name) for name in _SHOWN} if server.pk else None
    form = ExternalServerForm(request.POST or None, initial=initial)
    findings: Findings | None = None
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        findings = check_server(server, token=given.pop("token"), asked=ProviderSettings(**given))
        if "save" in request.POST and findings.good:
            try:
                save_server(server, by=signed_in(request))
            except ValidationError as error:
                form.add_error("issuer", error.message_dict["issuer"])
            else:
                messages.success(request, f"{server.name} is saved. Register its applications now.")
                return redirect("oauth:index", deployment.pk)
    context = {"deployment": deployment, "form": form, "server": server, "findings": findings}
    return render(request, "smart/pages/external.html", context, status=422 if form.errors else 200)
