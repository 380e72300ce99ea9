"""The OAuth tab: authentication servers, applications, settings of the integrated server."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from deployments.models import Deployment
from deployments.views.loaded import deployment_view
from portal.access import signed_in
from portal.models import Role
from portal.shown_once import take_kept
from smart.addresses import ENDPOINTS, endpoint, fhir_base, issuer
from smart.forms import ServerSettingsForm
from smart.keys import public_jwks
from smart.server_services import change_integrated, renew_signing_key, set_server_enabled
from smart.servers import find_applications, integrated_server, list_servers

APPLICATIONS_A_PAGE = 50


def may_admin(deployment: Deployment) -> bool:
    return bool(getattr(deployment, "role", 0) >= Role.ADMIN)


@never_cache
@require_safe
@deployment_view(Role.READ)
def index(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    asked = request.GET.get("q", "").strip()
    found = Paginator(find_applications(deployment, asked), APPLICATIONS_A_PAGE)
    context = {
        "deployment": deployment,
        "may_admin": may_admin(deployment),
        "servers": list_servers(deployment),
        "page": found.get_page(request.GET.get("page")),
        "asked": asked,
        "issuer": issuer(deployment.pk),
        "secret": take_kept(request, deployment.pk),
    }
    return render(request, "smart/pages/index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@deployment_view(Role.ADMIN)
def settings(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    """Lifetimes and registration of the integrated server; its endpoints and keys."""
    server = integrated_server(deployment)
    initial = {
        "access_minutes": server.access_token_lifetime // 60,
        "refresh_days": server.refresh_token_lifetime // 86_400,
        "registration_open": server.registration_open,
    }
    form = ServerSettingsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        change_integrated(
            server,
            access_token_lifetime=given["access_minutes"] * 60,
            refresh_token_lifetime=given["refresh_days"] * 86_400,
            registration_open=given["registration_open"],
            by=signed_in(request),
        )
        messages.success(request, "Saved. Tokens issued from now on follow it.")
        return redirect("oauth:settings", deployment.pk)
    context = {
        "deployment": deployment,
        "server": server,
        "form": form,
        "endpoints": [(name, endpoint(deployment.pk, name)) for name in ENDPOINTS if name != "register"],
        "issuer": issuer(deployment.pk),
        "fhir_base": fhir_base(deployment.pk),
        "keys": public_jwks(deployment.pk)["keys"],
    }
    return render(request, "smart/pages/settings.html", context, status=422 if form.is_bound else 200)


@require_POST
@deployment_view(Role.ADMIN)
def rotate_key(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    renew_signing_key(deployment, by=signed_in(request))
    messages.success(request, "A new key signs from now on. The old one stays published for a day.")
    return redirect("oauth:settings", deployment.pk)


@require_POST
@deployment_view(Role.ADMIN)
def switch_server(request: HttpRequest, deployment: Deployment, server_id: int) -> HttpResponse:
    """On or off; while off, none of its tokens is accepted."""
    server = get_object_or_404(list_servers(deployment), pk=server_id)
    set_server_enabled(server, enabled=not server.enabled, by=signed_in(request))
    messages.success(request, f"{server.name} is {'on' if server.enabled else 'off'}.")
    return redirect("oauth:index", deployment.pk)
