"""Ending keys and old secrets: each asks first, and shows who would notice."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from credentials import services
from credentials.selectors import get_api_key, list_api_keys
from deployments.selectors import get_deployment_for
from portal.access import signed_in
from portal.models import Role


@login_required
@require_POST
def end_old(request: HttpRequest, deployment_id: str, public_id: str) -> HttpResponse:
    deployment = get_deployment_for(request.user, deployment_id, Role.ADMIN)
    api_key = get_api_key(deployment, public_id)
    services.end_old_secrets(api_key, by=signed_in(request))
    messages.success(request, "Only the newest secret works now.")
    return redirect("credentials:key", deployment.pk, public_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, deployment_id: str, public_id: str) -> HttpResponse:
    """Asks first, then revokes."""
    deployment = get_deployment_for(request.user, deployment_id, Role.ADMIN)
    api_key = get_api_key(deployment, public_id)
    if request.method == "POST":
        services.revoke_api_key(api_key, by=signed_in(request))
        messages.success(request, f"{api_key.name} is revoked. Requests with it are refused from now on.")
        return redirect("credentials:index", deployment.pk)
    return render(request, "credentials/key_revoke.html", {"deployment": deployment, "api_keys": [api_key]})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def revoke_many(request: HttpRequest, deployment_id: str) -> HttpResponse:
    """The keys that were ticked (`key`): shown with their last use, then revoked together."""
    deployment = get_deployment_for(request.user, deployment_id, Role.ADMIN)
    ticked = (request.POST if request.method == "POST" else request.GET).getlist("key")
    if request.method == "POST":
        try:
            count = services.revoke_api_keys(deployment, ticked, by=signed_in(request))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, f"{count} key{'' if count == 1 else 's'} revoked.")
        return redirect("credentials:index", deployment.pk)
    chosen = list_api_keys(deployment).filter(public_id__in=ticked, revoked=None)
    if not chosen:
        messages.error(request, "Tick the keys first.")
        return redirect("credentials:index", deployment.pk)
    return render(
        request, "credentials/key_revoke.html", {"deployment": deployment, "api_keys": list(chosen)}
    )
