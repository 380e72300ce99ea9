"""How the gateway proves itself to a connected server: one fixed header, or an access token that it fetches when needed.

A credential is kept sealed (`portal.secrets`): a header as `Name: value`, client credentials as JSON.
"""

import base64
import json
import re
import threading
import time
from dataclasses import asdict, dataclass

from django.core.exceptions import ValidationError

from portal.oauth_client import Client, OAuthFault, client_token, discover
from portal.outbound import OutboundError, check_address
from portal.secrets import UnreadableSecret, decrypt, encrypt

_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}:[ \t]*[\x21-\x7e][\x20-\x7e]{0,4000}")
# These belong to the connection itself, not to a credential.
_REFUSED = frozenset({"host", "content-length", "transfer-encoding", "connection", "content-type", "accept"})
_EARLY = 30.0  # seconds before its end in which a token is fetched anew
_LONGEST = 3600.0


class CredentialFault(Exception):
    """There is no credential to send; the message says why and may be shown."""


@dataclass(slots=True)
class _Token:
    text: str
    until: float


_tokens: dict[str, _Token] = {}
_fetching = threading.Lock()


def seal_header(header: str) -> str:
    """The header, encrypted; empty for none. Raises ValidationError when it is no `Name: value`."""
    header = header.strip()
    if not header:
        return ""
    if not _HEADER.fullmatch(header) or header.partition(":")[0].lower() in _REFUSED:
        raise ValidationError(
            {"upstream_credential": "Write one header, such as “Authorization: Bearer …” or “x-api-key: …”."}
        )
    return encrypt(header)


def seal_basic(user: str, password: str) -> str:
    """User name and password (RFC 7617). Raises ValidationError."""
    if not user or ":" in user:
        raise ValidationError({"upstream_user": "Give the user name, without a colon."})
    pair = base64.b64encode(f"{user}:{password}".encode()).decode()
    return encrypt(f"Authorization: Basic {pair}")


def seal_client(base: str, client_id: str, secret: str, scope: str, token_url: str = "") -> str:
    """Client credentials (RFC 6749, 4.4); without a `token_url` the server's SMART configuration is asked. Raises ValidationError."""
    if not client_id or not secret:
        raise ValidationError({"upstream_client_id": "Give client id and client secret."})
    try:
        if token_url:
            check_address(token_url)
        found = token_url or discover(base).token_endpoint
    except (OAuthFault, OutboundError) as error:
        raise ValidationError({"upstream_token_url": str(error)}) from error
    return encrypt(json.dumps(asdict(Client(found, client_id, secret, scope))))


def header_of(sealed: str) -> dict[str, str]:
    """The header to send, empty for none. Raises CredentialFault."""
    if not sealed:
        return {}
    text = _opened(sealed)
    if not text.startswith("{"):
        name, _, value = text.partition(":")
        return {name.strip().lower(): value.strip()}
    return {"authorization": f"Bearer {_token(sealed, Client(**json.loads(text)))}"}


def forget_token(sealed: str) -> bool:
    """The server took the token no more: the next request fetches another. False where there is none to fetch."""
    return _tokens.pop(sealed, None) is not None


def describe(sealed: str) -> str:
    """The credential in words, without anything secret."""
    if not sealed:
        return "No authorization"
    try:
        text = _opened(sealed)
    except CredentialFault as fault:
        return str(fault)
    if text.startswith("{"):
        client = Client(**json.loads(text))
        return f"Client credentials of {client.client_id}, from {client.token_url}"
    name, _, value = text.partition(":")
    if value.strip().lower().startswith("basic "):
        return "User name and password (basic)"
    return f"Header {name.strip()}" + (
        " (bearer token)" if value.strip().lower().startswith("bearer ") else ""
    )


def _opened(sealed: str) -> str:
    try:
        return decrypt(sealed)
    except UnreadableSecret as error:
        raise CredentialFault("The credential that is stored for it cannot be read any more.") from error


def _token(sealed: str, client: Client) -> str:
    found = _tokens.get(sealed)
    if found and found.until > time.monotonic():
        return found.text
    with _fetching:
        found = _tokens.get(sealed)
        if found and found.until > time.monotonic():
            return found.text
        try:
            granted = client_token(client)
        except OAuthFault as error:
            raise CredentialFault(f"No access token could be had for it: {error}") from error
        if len(_tokens) > 500:
            _tokens.clear()
        lives = min(max(granted.lives - _EARLY, 1.0), _LONGEST)
        _tokens[sealed] = _Token(granted.access_token, time.monotonic() + lives)
        return granted.access_token
