"""Signing keys of a deployment: made on first use, published as JWKS, rotated with an overlap."""

import secrets
import time
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from joserfc.jwk import RSAKey

from deployments.models import Deployment
from portal import secrets as at_rest
from smart.models import SigningKey

ALGORITHM = "RS256"
OVERLAP = timedelta(days=1)  # longer than any access token lives, and than caches of the JWKS
_KEY_BITS = 2048
_REMEMBER = 1.0  # seconds; a rotation or a retirement is noticed within it
_remembered: dict[str, tuple[float, list[RSAKey]]] = {}


def signing_key(deployment_id: str) -> RSAKey:
    """The key that signs now; its `kid` is set."""
    return _keys(deployment_id)[0]


def verification_key(deployment_id: str, kid: str) -> RSAKey | None:
    """A published key by its name. Never makes a key."""
    return next((key for key in _keys(deployment_id) if key.kid == kid), None)


def public_jwks(deployment_id: str) -> dict[str, Any]:
    """The published set, the signing key first; public parts only."""
    published = _keys(deployment_id)
    return {"keys": [{**key.as_dict(private=False), "use": "sig", "alg": ALGORITHM} for key in published]}


@transaction.atomic
def rotate_signing_key(deployment: Deployment) -> SigningKey:
    """A new key signs from now on; the old ones stay published for the overlap, so that their tokens keep working."""
    Deployment.objects.select_for_update().get(pk=deployment.pk)
    SigningKey.objects.filter(deployment=deployment, retires=None).update(retires=timezone.now() + OVERLAP)
    made = _make(deployment.pk)
    _remembered.pop(deployment.pk, None)
    return made


def _make(deployment_id: str) -> SigningKey:
    kid = secrets.token_urlsafe(12)
    key = RSAKey.generate_key(_KEY_BITS, parameters={"kid": kid})
    pem = key.as_pem(private=True).decode()
    return SigningKey.objects.create(deployment_id=deployment_id, kid=kid, private_key=at_rest.encrypt(pem))


def _keys(deployment_id: str) -> list[RSAKey]:
    """Published keys, newest first, from a memory that is at most a second old."""
    until, keys = _remembered.get(deployment_id, (0.0, []))
    if time.monotonic() < until:
        return keys
    rows = _published(deployment_id)
    if not any(row.retires is None for row in rows):
        rows = _make_first(deployment_id)
    opened = {key.kid: key for key in keys}
    keys = [opened.get(row.kid) or _open(row) for row in rows]
    _remembered[deployment_id] = (time.monotonic() + _REMEMBER, keys)
    return keys


def _published(deployment_id: str) -> list[SigningKey]:
    live = Q(retires=None) | Q(retires__gt=timezone.now())
    return list(SigningKey.objects.filter(live, deployment_id=deployment_id).order_by("-created", "-pk"))


@transaction.atomic
def _make_first(deployment_id: str) -> list[SigningKey]:
    Deployment.objects.select_for_update().get(pk=deployment_id)
    rows = _published(deployment_id)
    if any(row.retires is None for row in rows):
        return rows
    return [_make(deployment_id), *rows]


def _open(row: SigningKey) -> RSAKey:
    return RSAKey.import_key(at_rest.decrypt(row.private_key), {"kid": row.kid})
