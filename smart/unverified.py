"""A JWT as it was presented: readable, but nothing in it can be believed yet."""

import base64
import binascii
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smart.claims import RefusedToken, TokenProblem

_MAX_LENGTH = 16_000


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    text: str
    header: Mapping[str, Any]
    payload: Mapping[str, Any]

    @property
    def issuer(self) -> str:
        """Only good for choosing whose keys to try."""
        return str(self.payload.get("iss", ""))

    def __repr__(self) -> str:
        return "UnverifiedToken()"


def read_unverified(token: str) -> UnverifiedToken | RefusedToken:
    """The parts of a signed JWT. Anything else is malformed; extensions we do not know (`crit`) are refused."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > _MAX_LENGTH or not all(parts):
        return RefusedToken(TokenProblem.MALFORMED, expected="a signed JWT")
    try:
        header, payload = _part(parts[0]), _part(parts[1])
    except (ValueError, binascii.Error, RecursionError):
        return RefusedToken(TokenProblem.MALFORMED, expected="a signed JWT")
    if "crit" in header:
        return RefusedToken(TokenProblem.MALFORMED, "crit", "no critical extensions", "some")
    return UnverifiedToken(token, header, payload)


def _part(text: str) -> dict[str, Any]:
    value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004
    return value


def check_times(claims: Mapping[str, Any], leeway: int) -> RefusedToken | None:
    """`exp` (required), `nbf` and `iat` against the clock, with `leeway` seconds of skew."""
    now = time.time()
    for name in ("exp", "nbf", "iat"):
        value = claims.get(name)
        if value is None and name != "exp":
            continue
        if not isinstance(value, int | float) or isinstance(value, bool):
            return RefusedToken(TokenProblem.CLAIM, name, "a number of seconds", str(value)[:80])
        if name == "exp" and value + leeway <= now:
            return RefusedToken(TokenProblem.EXPIRED, "exp", f"after {int(now)}", str(int(value)))
        if name != "exp" and value - max(leeway, 1) > now:
            return RefusedToken(TokenProblem.NOT_YET_VALID, name, f"not after {int(now)}", str(int(value)))
    return None
