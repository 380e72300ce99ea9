"""Public keys that live elsewhere: an identity provider's, or an application's by JWKS URL.

They are fetched when first needed, again when a token names a key we do not know (a rotation), and every ten minutes.
When the other side is down, the keys we know keep working for a day.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey

from smart.fetching import FetchFailed, fetch_json

Key = RSAKey | ECKey | OKPKey
FRESH = 600.0  # seconds
USABLE = 86_400.0
RETRY = 5.0  # an unknown key makes us ask again at most so often
_MAX_KEYS = 50
_KINDS = frozenset({"RSA", "EC", "OKP"})


class KeysUnavailable(Exception):
    """The key set cannot be fetched, and none is known. The message says why."""


@dataclass(slots=True)
class _Known:
    keys: list[Key] = field(default_factory=list)
    fetched: float = -USABLE
    tried: float = -USABLE
    problem: str = ""


_known: dict[str, _Known] = {}
_lock = threading.Lock()


def read_keys(jwks: Mapping[str, Any]) -> list[Key]:
    """The public asymmetric keys of a JWKS; those of unknown kinds, for encryption, or secret ones are left out."""
    found: list[Key] = []
    listed = jwks.get("keys")
    for item in listed[:_MAX_KEYS] if isinstance(listed, list) else []:
        if not isinstance(item, dict) or item.get("use", "sig") != "sig" or item.get("kty") not in _KINDS:
            continue
        try:
            key = JWKRegistry.import_key(item)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, RSAKey | ECKey | OKPKey):
            found.append(key)
    return found


def key_of(jwks_uri: str, kid: str | None, now: Callable[[], float] = time.monotonic) -> Key | None:
    """The key named `kid`; None when the set does not have it. Raises KeysUnavailable.

    Without a `kid` the set must consist of one key.
    """
    with _lock:
        known = _known.setdefault(jwks_uri, _Known())
    moment = now()
    key = _choose(known.keys, kid)
    due = moment - known.fetched > FRESH or key is None
    if due and moment - known.tried > RETRY:
        _refresh(jwks_uri, known, moment)
        key = _choose(known.keys, kid)
    if moment - known.fetched > USABLE:
        raise KeysUnavailable(known.problem or "The keys have not been fetched yet.")
    return key


def forget_keys(jwks_uri: str) -> None:
    with _lock:
        _known.pop(jwks_uri, None)


def _refresh(jwks_uri: str, known: _Known, moment: float) -> None:
    known.tried = moment
    try:
        known.keys = read_keys(fetch_json(jwks_uri))
    except FetchFailed as error:
        known.problem = str(error)
        return
    known.fetched, known.problem = moment, ""


def _choose(keys: list[Key], kid: str | None) -> Key | None:
    if kid is None:
        return keys[0] if len(keys) == 1 else None
    return next((key for key in keys if key.kid == kid), None)
