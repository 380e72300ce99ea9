"""Which redirect, logout and launch addresses an application may register. They are compared exactly later (RFC 9700, 2.1)."""

import re
from urllib.parse import urlsplit

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
_PRIVATE_SCHEME = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")  # RFC 8252, 7.1: a reversed domain name
_MAX_LENGTH = 2000


def problem_with_address(uri: str, *, app_schemes: bool = False) -> str | None:
    """Why the address cannot be registered, or None. `app_schemes` allows those of mobile applications."""
    if (
        not uri
        or len(uri) > _MAX_LENGTH
        or not uri.isascii()
        or any(char <= " " or char in '<>"\\^`{|}' for char in uri)
    ):
        return "is not an address: it is empty or too long, or has characters that an address cannot have."
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return "is not an address."
    if "#" in uri:
        return "must not have a fragment (#)."
    if "*" in parts.netloc + parts.path:
        return "must be exact: there are no wildcards."
    if parts.username is not None or parts.password is not None:
        return "must not carry a user name or a password."
    if parts.scheme == "https":
        return None if parts.hostname else "has no host."
    if parts.scheme == "http":
        return (
            None
            if parts.hostname in _LOOPBACK
            else "must begin with https:// (http:// is only for localhost)."
        )
    if app_schemes and _PRIVATE_SCHEME.fullmatch(parts.scheme):
        return None
    return "must begin with https://."
