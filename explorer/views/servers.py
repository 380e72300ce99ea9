"""Servers elsewhere: open one by its base URL, share it with a tenant, forget it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from explorer.foreign import forget_server, get_server_for, list_servers, open_server, share_server
from explorer.models import Scheme
from explorer.views.server_forms import CredentialForm
from portal.access import get_current_tenant, signed_in
from portal.oauth_client import OAuthFault


class ServerForm(CredentialForm):
    base = forms.CharField(max_length=500)
    format = forms.ChoiceField(choices=[("json", "JSON"), ("xml", "XML")], required=False)


@sensitive_post_parameters("secret", "client_secret")
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The servers that one has open, and the form for another."""
    form = ServerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found, user = form.cleaned_data, signed_in(request)
        try:
            server = open_server(user, found["base"], found["format"] or "json")
        except ValidationError as error:
            form.add_error("base", " ".join(error.messages))
        else:
            try:
                form.add_to(server, user)
            except OAuthFault as error:
                messages.error(request, f"The server is open, but no token could be had: {error}")
            return redirect("servers:index", server.pk)
    return render(
        request, "explorer/servers.html", _context(request, form), status=400 if form.errors else 200
    )


def _context(request: HttpRequest, form: ServerForm) -> dict[str, Any]:
    return {
        "form": form,
        "servers": list_servers(signed_in(request)),
        "me": signed_in(request),
        "tenant": get_current_tenant(request),
        "base": form["base"].value() or request.GET.get("base", ""),
        "schemes": Scheme.choices,
        "chosen": form["scheme"].value() or Scheme.NONE,
    }


@login_required
@require_POST
def share(request: HttpRequest, server_id: str) -> HttpResponse:
    """Share a server with the current tenant, or with nobody any more."""
    server = get_server_for(signed_in(request), server_id)
    tenant = get_current_tenant(request) if "on" in request.POST else None
    try:
        share_server(server, signed_in(request), tenant)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        told = (
            f"{server.name} is shared with {tenant.name}."
            if tenant
            else f"{server.name} is yours alone again."
        )
        messages.success(request, f"{told} Credentials stay everybody's own.")
    return redirect("servers:list")


@login_required
@require_POST
def forget(request: HttpRequest, server_id: str) -> HttpResponse:
    """Forget a server with one's credentials."""
    server = get_server_for(signed_in(request), server_id)
    forget_server(server, signed_in(request))
    messages.success(request, f"{server.name}: your credentials and what was yours alone are forgotten.")
    return redirect("servers:list")
