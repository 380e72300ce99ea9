"""Opaque access tokens of an external identity provider: it says what they are worth (RFC 7662).

An answer is believed for ten seconds, so that a token costs the provider few questions; revocation there is effective here
within that time. Whoever sends made-up tokens makes us ask, so only a few questions are under way at a time (`portal.places`).
"""

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from typing import Any

from django.db.models import QuerySet

from credentials.models import AuthenticationServer, ServerKind
from deployments.models import Deployment
from smart.addresses import fhir_base
from smart.claims import RefusedToken, SignedClaims, TokenProblem
from smart.external import check_application, check_claims
from smart.fetching import FetchFailed, post_form

_TRUST = 10.0  # seconds
_CAPACITY = 4096
_SHORTEST = 60  # seconds that an answer without an end is good for

_answers: OrderedDict[bytes, tuple[float, dict[str, Any]]] = OrderedDict()
_lock = threading.Lock()


def _servers(deployment: Deployment) -> QuerySet[AuthenticationServer]:
    servers = AuthenticationServer.objects.filter(
        deployment=deployment, kind=ServerKind.EXTERNAL, enabled=True
    )
    return servers.exclude(introspection_client_id="")


def verify_opaque(token: str, deployment: Deployment) -> SignedClaims | RefusedToken:
    """The same promise as `smart.tokens.verify`. The token is shown only to the providers configured to be asked."""
    refused = RefusedToken(TokenProblem.MALFORMED, expected="a signed JWT", received="an opaque token")
    for server in _servers(deployment):
        claims = ask(token, server)
        if not isinstance(claims, RefusedToken):
            wrong = check_claims(claims, server)
            return wrong or check_application(claims, server)
        refused = claims
    return refused


def ask(token: str, server: AuthenticationServer) -> dict[str, Any] | RefusedToken:
    """What the provider says of a token, completed by what RFC 7662 leaves out; refused when it is not active."""
    name = hashlib.sha256(f"{server.pk} {server.introspection_client_id} {token}".encode()).digest()
    until, answer = _answers.get(name, (0.0, {}))
    if time.monotonic() >= until:
        try:
            answer = _fetch(token, server)
        except FetchFailed as error:
            return RefusedToken(
                TokenProblem.INTROSPECTION_UNAVAILABLE, expected=server.issuer, received=str(error)[:200]
            )
        _remember(name, answer)
    if answer.get("active") is not True:
        return RefusedToken(TokenProblem.INACTIVE, "active", "true", "false")
    return _completed(answer, server)


def ask_about_nothing(server: AuthenticationServer) -> str:
    """Why the provider cannot be asked; empty when it answers as it should."""
    try:
        answer = _fetch(secrets.token_urlsafe(24), server)
    except FetchFailed as error:
        return str(error)
    return "" if answer.get("active") is False else "It calls a made-up token active, or does not say."


def _fetch(token: str, server: AuthenticationServer) -> dict[str, Any]:
    endpoint = server.metadata.get("introspection_endpoint")
    if not isinstance(endpoint, str):
        raise FetchFailed("Its discovery document names no introspection_endpoint.")
    proof = (server.introspection_client_id, server.introspection_secret)
    return post_form(endpoint, {"token": token, "token_type_hint": "access_token"}, proof)


def _remember(name: bytes, answer: dict[str, Any]) -> None:
    with _lock:
        _answers.pop(name, None)
        _answers[name] = (time.monotonic() + _TRUST, answer)
        if len(_answers) > _CAPACITY:
            _answers.popitem(last=False)


def forget_answers() -> None:
    with _lock:
        _answers.clear()


def _completed(answer: dict[str, Any], server: AuthenticationServer) -> dict[str, Any]:
    """The issuer is whom we asked; an audience may only be missing where no particular one is expected."""
    claims = {"iss": server.issuer, "exp": int(time.time()) + _SHORTEST} | answer
    if not server.audience:
        claims.setdefault("aud", fhir_base(server.deployment_id))
    return claims
