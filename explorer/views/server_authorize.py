"""Authorize of a server elsewhere: add a credential, sign in there, choose between one's own, forget them."""

import hmac
import json
import secrets
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from explorer import server_credentials
from explorer.foreign import get_server_for
from explorer.models import ForeignServer
from explorer.views.server_forms import CredentialForm
from portal.access import signed_in
from portal.oauth_client import (
    Client,
    OAuthFault,
    authorization_url,
    challenge_of,
    code_token,
    discover,
)
from portal.secrets import decrypt, encrypt

_KEY = "servers:sign-in"
_SCOPE = "openid fhirUser launch/patient patient/*.rs"


@sensitive_post_parameters("secret", "client_secret")
@login_required
@never_cache
@require_POST
def add(request: HttpRequest, server_id: str) -> HttpResponse:
    """Keep a credential and use it."""
    server, form = get_server_for(signed_in(request), server_id), CredentialForm(request.POST)
    try:
        if not form.is_valid():
            messages.error(request, " ".join(str(text) for errors in form.errors.values() for text in errors))
        elif form.add_to(server, signed_in(request)):
            messages.success(request, "Authorized: requests to this server now carry the new credential.")
        else:
            messages.error(
                request, "Choose how the server is told who asks, and give the token, password or key."
            )
    except OAuthFault as error:
        messages.error(request, str(error))
    return redirect(_next(request, server))


@login_required
@require_POST
def use(request: HttpRequest, server_id: str) -> HttpResponse:
    """Make another of one's credentials the one in use, or none."""
    server = get_server_for(signed_in(request), server_id)
    server_credentials.use(server, signed_in(request), request.POST.get("held", ""))
    return redirect(_next(request, server))


@login_required
@require_POST
def forget(request: HttpRequest, server_id: str) -> HttpResponse:
    server = get_server_for(signed_in(request), server_id)
    server_credentials.forget(server, signed_in(request), request.POST.get("held", ""))
    messages.success(request, "Logged out: the credential is forgotten.")
    return redirect(_next(request, server))


@sensitive_post_parameters("client_secret")
@login_required
@never_cache
@require_POST
def sign_in(request: HttpRequest, server_id: str) -> HttpResponse:
    """Authorization code with PKCE: a page from which the browser goes to the server's own sign-in."""
    server = get_server_for(signed_in(request), server_id)
    client_id, scope = (
        request.POST.get("client_id", "").strip(),
        request.POST.get("scope", "").strip() or _SCOPE,
    )
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    try:
        found = discover(server.base)
        if not client_id or not found.authorization_endpoint:
            raise OAuthFault(
                "This server names no authorization endpoint." if client_id else "Give the client id."
            )
        query = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": _callback(),
            "scope": scope,
            "state": state,
            "aud": server.base,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        }
        address = authorization_url(found.authorization_endpoint, query)
    except OAuthFault as error:
        messages.error(request, str(error))
        return redirect(_next(request, server))
    client = Client(found.token_endpoint, client_id, request.POST.get("client_secret", "").strip(), scope)
    kept = {"server": server.pk, "verifier": verifier, "state": state, "client": asdict(client)}
    request.session[_KEY] = encrypt(json.dumps(kept))
    context = {
        "deployment": server,
        "address": address,
        "callback": _callback(),
        "endpoint": found.authorization_endpoint,
    }
    return render(request, "explorer/server_sign_in.html", context)


@login_required
@never_cache
@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the server's sign-in: the code becomes a token, which is kept here."""
    kept = _kept(request)
    if (
        not hmac.compare_digest(str(kept.get("state", "")).encode(), request.GET.get("state", "").encode())
        or not kept
    ):
        messages.error(request, "This answer does not belong to a sign-in of this browser. Start it again.")
        return redirect("servers:list")
    server = get_server_for(signed_in(request), kept["server"])
    try:
        if "error" in request.GET:
            told = request.GET.get("error_description", "")[:200]
            raise OAuthFault(f"The server answered {request.GET['error'][:60]}. {told}".strip())
        client = Client(**kept["client"])
        granted = code_token(client, request.GET.get("code", ""), _callback(), kept["verifier"])
        server_credentials.add_granted(server, signed_in(request), granted, client)
    except OAuthFault as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Signed in: requests to this server now carry the token.")
    return redirect("servers:index", server.pk)


def _kept(request: HttpRequest) -> dict[str, Any]:
    sealed = request.session.pop(_KEY, "")
    return dict(json.loads(decrypt(sealed))) if sealed else {}


def _callback() -> str:
    return f"{settings.PUBLIC_URL}{reverse('servers:callback')}"


def _next(request: HttpRequest, server: ForeignServer) -> str:
    """Back to the page of this server whose Authorize was used, else to its first."""
    start, target = reverse("servers:index", args=[server.pk]), request.POST.get("next", "")
    return target if target.startswith(start) and "\\" not in target else start
