"""Fireside as an OAuth 2.0 client of somebody else's FHIR server: discovery, client credentials, authorization code with PKCE.

https://hl7.org/fhir/smart-app-launch/conformance.html, RFC 6749, RFC 7636
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from portal.outbound import OutboundError, fetch

_MAX_BYTES = 500_000
_TIMEOUT = 8.0
_LIFE = 300.0  # seconds of a token that does not say how long it lives (RFC 6749, 5.1: only recommended)


class OAuthFault(Exception):
    """What went wrong, in words that may be shown; never with a secret."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """`scopes`: those that the server says it has; empty when it does not say."""

    token_endpoint: str
    authorization_endpoint: str = ""
    scopes: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Client:
    """`secret` is empty for a public client. `in_body`: the secret goes in the form, for servers that take no Basic."""

    token_url: str
    client_id: str
    secret: str = ""
    scope: str = ""
    in_body: bool = False

    def __repr__(self) -> str:
        return f"Client({self.client_id} at {self.token_url})"


@dataclass(frozen=True, slots=True)
class Granted:
    """`lives` is in seconds."""

    access_token: str
    lives: float
    scope: str = ""
    refresh_token: str = ""
    id_token: str = ""

    def __repr__(self) -> str:
        return f"Granted({self.scope}, {self.lives:g} s)"


def discover(base: str) -> Discovery:
    """From `.well-known/smart-configuration`, else from the CapabilityStatement. Raises OAuthFault."""
    try:
        document = _read(f"{base}/.well-known/smart-configuration", headers={"Accept": "application/json"})
    except OAuthFault:
        document = _of_statement(base)
    token, authorize = document.get("token_endpoint"), document.get("authorization_endpoint")
    if not isinstance(token, str) or not token:
        raise OAuthFault(
            f"{base} names no token endpoint in .well-known/smart-configuration: give its address."
        )
    return Discovery(
        token,
        authorize if isinstance(authorize, str) else "",
        _words(document.get("scopes_supported")),
        _words(document.get("token_endpoint_auth_methods_supported")),
    )


def client_token(client: Client) -> Granted:
    """Raises OAuthFault."""
    fields = {"grant_type": "client_credentials"} | ({"scope": client.scope} if client.scope else {})
    return _granted(client, fields)


def code_token(client: Client, code: str, redirect_uri: str, verifier: str) -> Granted:
    """Raises OAuthFault."""
    fields = {"grant_type": "authorization_code", "code": code}
    return _granted(client, fields | {"redirect_uri": redirect_uri, "code_verifier": verifier})


def challenge_of(verifier: str) -> str:
    """RFC 7636, 4.2: S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def authorization_url(endpoint: str, query: Mapping[str, str]) -> str:
    """Raises OAuthFault for an endpoint to which no browser may be sent."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise OAuthFault("Its authorization endpoint is no web address.")
    return f"{endpoint}{'&' if parts.query else '?'}{urlencode(query)}"


def _granted(client: Client, fields: dict[str, str]) -> Granted:
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    if client.secret and not client.in_body:
        pair = f"{quote_plus(client.client_id)}:{quote_plus(client.secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        fields = fields | {"client_id": client.client_id}
        fields |= {"client_secret": client.secret} if client.secret else {}
    found = _read(client.token_url, method="POST", headers=headers, content=urlencode(fields).encode())
    token, lives = found.get("access_token"), found.get("expires_in")
    if not isinstance(token, str) or not token.isascii() or not token.isprintable():
        raise OAuthFault(f"{client.token_url} answered without an access token.")
    seconds = float(str(lives)) if str(lives).isdecimal() else _LIFE
    words = {name: str(found.get(name) or "") for name in ("scope", "refresh_token", "id_token")}
    return Granted(token, seconds, **words)


def _of_statement(base: str) -> dict[str, Any]:
    """The older way: an extension of the CapabilityStatement's security."""
    statement = _read(f"{base}/metadata", headers={"Accept": "application/fhir+json"}, max_bytes=20_000_000)
    found: dict[str, Any] = {}
    try:
        for rest in statement.get("rest", ()):
            for outer in rest.get("security", {}).get("extension", ()):
                for inner in outer.get("extension", ()):
                    found[f"{inner['url']}_endpoint"] = inner.get("valueUri", "")
    except (TypeError, AttributeError, KeyError):
        return {}
    return found | {"authorization_endpoint": found.get("authorize_endpoint", "")}


def _read(url: str, max_bytes: int = _MAX_BYTES, **sent: Any) -> dict[str, Any]:
    try:
        answer = fetch(url, max_bytes=max_bytes, timeout=_TIMEOUT, **sent)
    except OutboundError as error:
        raise OAuthFault(str(error)) from error
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        document = None
    if answer.status != 200:
        raise OAuthFault(f"{url} answered {answer.status}{_error_of(document)}.")
    if not isinstance(document, dict):
        raise OAuthFault(f"{url} did not answer with a JSON object.")
    return document


def _error_of(document: object) -> str:
    """RFC 6749, 5.2."""
    if not isinstance(document, dict) or not isinstance(document.get("error"), str):
        return ""
    description = document.get("error_description")
    told = f", {document['error'][:60]}"
    return f"{told}: {description[:200]}" if isinstance(description, str) else told


def _words(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
