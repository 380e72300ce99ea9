"""Credentials that a person pasted into Authorize: encrypted in the server's session, never shown again.

They end with Logout, with the session, and with the sign-out from the portal.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.contrib import messages
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.urls import reverse
from django.utils.crypto import get_random_string

from credentials.models import OAuthApplication
from credentials.selectors import find_api_key
from deployments.models import Deployment
from explorer.building.outgoing import API_KEY, BEARER, Secret
from portal.models import Role
from portal.secrets import UnreadableSecret, decrypt, encrypt
from smart.unverified import UnverifiedToken, read_unverified

MOST_HELD = 6
_SCHEMES = {"api-key": API_KEY, "token": BEARER}


class NotACredential(ValueError):
    """What was pasted cannot be one; the message says why."""


@dataclass(frozen=True)
class Held:
    """One held credential. `text` is the secret itself: for sending only."""

    id: str
    kind: str
    label: str
    access: str
    expires: datetime | None
    active: bool
    problem: str
    text: str
    claims: dict[str, Any]
    header: dict[str, Any] = field(default_factory=dict)
    sends: Secret | None = None

    @property
    def scheme(self) -> Secret:
        return self.sends or _SCHEMES[self.kind]

    @property
    def decoded(self) -> str:
        """The token's header and claims as indented JSON, empty for what is no JWT. The signature is left out."""
        return json.dumps([self.header, self.claims], indent=2, ensure_ascii=False) if self.claims else ""

    @property
    def left(self) -> str:
        """How long a token still lives, in words; empty when it says nothing or is over."""
        seconds = int((self.expires - datetime.now(UTC)).total_seconds()) if self.expires else 0
        if self.kind != "token" or seconds <= 0:
            return ""
        for name, length in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
            if seconds >= length:
                many = seconds // length
                return f"{many} {name}{'s' if many > 1 else ''} left"
        return ""

    def __repr__(self) -> str:
        return f"Held({self.kind}, {self.label})"


def hold_credential(session: SessionBase, deployment: Deployment, pasted: str) -> Held:
    """Keep a pasted API key or token for this browser session and make it the one in use.

    Raises NotACredential for what is neither, and for an API key of another deployment.
    """
    text = _bare(pasted)
    kind = "token" if _is_token(text) else "api-key"
    if kind == "api-key":
        found = find_api_key(text)
        if found is None or found.deployment_id != deployment.pk:
            raise NotACredential(
                "This is no usable API key of this deployment: it may be mistyped, revoked or expired."
            )
    entries = [entry for entry in _entries(session, deployment) if _open(entry) != text][-MOST_HELD + 1 :]
    entry = {"id": get_random_string(8), "kind": kind, "sealed": encrypt(text)}
    _store(session, deployment, [*entries, entry], entry["id"])
    return _held(entry, deployment, entry["id"])


def receive_token(request: HttpRequest, deployment: Deployment, token: str) -> str:
    """Hold the token of a sign-in that was begun in Authorize; the address of API Development to go on from."""
    held = hold_credential(request.session, deployment, token)
    messages.success(request, f"Signed in: requests now carry the token of {held.label}.")
    return reverse("explorer:index", args=[deployment.pk])


def list_applications(deployment: Deployment) -> list[OAuthApplication]:
    """Applications of the integrated authorization server, which a person can sign in with from Authorize."""
    if getattr(deployment, "role", Role.READ) < Role.WRITE:
        return []
    return list(
        OAuthApplication.objects.filter(
            server__deployment=deployment, server__kind="integrated", enabled=True
        ).order_by("name")[:20]
    )


def list_held(session: SessionBase, deployment: Deployment) -> list[Held]:
    active = session.get(_key(deployment), {}).get("active", "")
    return [_held(entry, deployment, active) for entry in _entries(session, deployment)]


def use_held(session: SessionBase, deployment: Deployment, held_id: str) -> None:
    """Make another held credential the one in use; an unknown id means none."""
    _store(session, deployment, _entries(session, deployment), held_id)


def forget(session: SessionBase, deployment: Deployment, held_id: str = "") -> None:
    """Forget one held credential, or all of this deployment."""
    left = [entry for entry in _entries(session, deployment) if held_id and entry["id"] != held_id]
    if not left:
        session.pop(_key(deployment), None)
        return
    active = session[_key(deployment)]["active"]
    _store(session, deployment, left, left[-1]["id"] if active == held_id else active)


def _key(deployment: Deployment) -> str:
    return f"explorer:{deployment.pk}"


def _entries(session: SessionBase, deployment: Deployment) -> list[dict[str, str]]:
    return list(session.get(_key(deployment), {}).get("held", []))


def _store(session: SessionBase, deployment: Deployment, entries: list[dict[str, str]], active: str) -> None:
    session[_key(deployment)] = {"held": entries, "active": active}


def _open(entry: dict[str, str]) -> str:
    try:
        return decrypt(entry["sealed"])
    except UnreadableSecret:
        return ""


def _bare(pasted: str) -> str:
    """The secret in what was pasted: people paste whole header lines too."""
    text = pasted.strip()
    for start in ("x-api-key:", "authorization:", "bearer "):
        if text.lower().startswith(start):
            text = text[len(start) :].strip()
    if not text:
        raise NotACredential("Paste an API key of this deployment, or an access token.")
    if not text.isascii() or not text.isprintable() or " " in text or len(text) > 8_000:
        raise NotACredential("An API key or a token is one line without spaces.")
    return text


def _is_token(text: str) -> bool:
    """Whether it is an access token: a JWT, or one that the integrated authorization server made."""
    return text.count(".") == 2 or text.startswith("fst_")


def _held(entry: dict[str, str], deployment: Deployment, active: str) -> Held:
    text = _open(entry)
    label, access, expires, problem = "Access token", "", None, ""
    header: dict[str, Any] = {}
    claims: dict[str, Any] = {}
    if entry["kind"] == "api-key":
        key = find_api_key(text)
        if key is None or key.deployment_id != deployment.pk:
            label, problem = "API key", "revoked or expired"
        else:
            label, access, expires = key.name, str(key.access), key.expires
    else:
        header, claims = read_token(text)
        label = str(claims.get("client_id") or claims.get("azp") or claims.get("sub") or label)
        access = str(claims.get("scope") or claims.get("scp") or "")
        expires = _moment(claims.get("exp"))
        problem = "expired" if expires and expires <= datetime.now(UTC) else ""
    return Held(
        entry["id"],
        entry["kind"],
        label,
        access,
        expires,
        entry["id"] == active,
        problem,
        text,
        claims,
        header,
    )


def read_token(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a JWT, unverified: for showing only. Empty when it is opaque."""
    unverified = read_unverified(token)
    if not isinstance(unverified, UnverifiedToken):
        return {}, {}
    return dict(unverified.header), dict(unverified.payload)


def _moment(seconds: object) -> datetime | None:
    if not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
