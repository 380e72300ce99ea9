"""“Try it”: an application's own flow, run in the administrator's browser, with the portal in the application's place.

Only the last step differs from an outside application's: the portal need not prove that it is the application, because the
administrator who registered it is signed in. The tokens are real, and shown decoded; they are kept nowhere.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from credentials.models import OAuthApplication
from deployments.models import Deployment
from smart.addresses import endpoint, fhir_base, trial_callback
from smart.protocol.server import IssuerServer
from smart.unverified import UnverifiedToken, read_unverified

_KEY = "oauth_trial"
_HOLD = "oauth_trial_held"

# Given the access token of a trial that was begun to keep it; returns the address where to go on.
TokenReceiver = Callable[[HttpRequest, Deployment, str], str]
_receivers: list[TokenReceiver] = []


def register_receiver(receiver: TokenReceiver) -> None:
    """An app above that holds tokens for the browser session (the explorer); called from its `AppConfig.ready`."""
    if receiver not in _receivers:
        _receivers.append(receiver)


def ask_to_hold(request: HttpRequest) -> None:
    """This browser's next trial is begun in order to use its token, not to look at it."""
    request.session[_HOLD] = True


def hand_over(request: HttpRequest, deployment: Deployment, access_token: str) -> str:
    """Where the browser goes on when the token was asked for by a receiver; empty for a trial that is only shown."""
    if not request.session.pop(_HOLD, False) or not _receivers:
        return ""
    return _receivers[0](request, deployment, access_token)


class TrialFailed(Exception):
    """The message says which step failed and why."""


def begin(request: HttpRequest, application: OAuthApplication, scope: str) -> str:
    """The authorization request of the flow, to which the browser goes."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    request.session[_KEY] = {"application": application.pk, "verifier": verifier, "state": state}
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    deployment_id = application.server.deployment_id
    query = {
        "response_type": "code",
        "client_id": application.client_id,
        "redirect_uri": trial_callback(deployment_id),
        "scope": scope,
        "state": state,
        "aud": fhir_base(deployment_id),
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return f"{endpoint(deployment_id, 'authorize')}?{urlencode(query)}"


def finish(request: HttpRequest, deployment_id: str) -> tuple[OAuthApplication, dict[str, Any]]:
    """The token response for the code that came back. Raises TrialFailed."""
    kept = request.session.pop(_KEY, None) or {}
    application = OAuthApplication.objects.filter(
        pk=kept.get("application", 0), server__deployment_id=deployment_id
    ).first()
    if application is None or not hmac.compare_digest(kept["state"], request.GET.get("state", "")):
        raise TrialFailed("This answer does not belong to a trial of this browser. Start it again.")
    if "error" in request.GET:
        description = request.GET.get("error_description", "")
        raise TrialFailed(f"The server answered {request.GET['error'][:60]}. {description[:200]}")
    body = {
        "grant_type": "authorization_code",
        "code": request.GET.get("code", ""),
        "redirect_uri": trial_callback(deployment_id),
        "code_verifier": kept["verifier"],
        "client_id": application.client_id,
    }
    return application, _redeem(application, body)


def run_backend(application: OAuthApplication, scope: str) -> dict[str, Any]:
    """The client credentials flow, which needs no browser. Raises TrialFailed."""
    body = {"grant_type": "client_credentials", "scope": scope, "client_id": application.client_id}
    return _redeem(application, body)


def decoded(token: str) -> str:
    """Header and claims of a JWT as indented JSON."""
    unverified = read_unverified(token)
    if not isinstance(unverified, UnverifiedToken):
        return ""
    return json.dumps([unverified.header, unverified.payload], indent=2)


def _redeem(application: OAuthApplication, body: dict[str, str]) -> dict[str, Any]:
    issuer_server = IssuerServer(application.server, trusted=application)
    _, answer, status = issuer_server.create_token_response("/token", "POST", urlencode(body), {})
    content: dict[str, Any] = json.loads(answer)
    if status != 200:
        raise TrialFailed(
            f"The server answered {content.get('error')}. {content.get('error_description', '')}"
        )
    return content
