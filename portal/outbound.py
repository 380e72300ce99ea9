"""The one client for requests to addresses that somebody typed in: upstream servers, discovery documents, key sets.

Against server-side request forgery: only http and https; every address that the host resolves to must be public, unless the
operator allows it (`OUTBOUND_ALLOWED`, hosts or networks); the connection goes to the very address that was checked, so
that a second look-up cannot change it; redirects are followed only when asked for, each target checked anew; size and time
have limits.
"""

import ipaddress
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urljoin

import httpx
from django.conf import settings

MAX_BYTES = 2_000_000
TIMEOUT = 10.0  # seconds, for the whole exchange
CONNECT_TIMEOUT = 5.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutboundError(Exception):
    """The request could not be made or finished; the message may be shown."""


class AddressRefused(OutboundError):
    """The address is not one that Fireside may speak to."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    max_bytes: int = MAX_BYTES,
    timeout: float = TIMEOUT,
    redirects: int = 0,
) -> Answer:
    """The whole answer, at most `max_bytes` long. Raises AddressRefused or OutboundError."""
    deadline = time.monotonic() + timeout
    for _ in range(redirects + 1):
        with stream(url, method=method, headers=headers, content=content, timeout=timeout) as response:
            location = response.headers.get("location")
            if response.status_code in _REDIRECTS and location and redirects:
                url = urljoin(url, location)
                continue
            body = _read(response, max_bytes, deadline)
            return Answer(response.status_code, dict(response.headers), body)
    raise OutboundError(f"{url} redirects too often.")


@contextmanager
def stream(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    content: bytes | Iterable[bytes] | None = None,
    timeout: float = TIMEOUT,
) -> Iterator[httpx.Response]:
    """The answer with its body unread; redirects are not followed. Raises AddressRefused or OutboundError."""
    target, host, name = _checked(url)
    limits = httpx.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT))
    sent = {**(headers or {}), "host": host}
    try:
        with (
            httpx.Client(timeout=limits, trust_env=False, follow_redirects=False) as client,
            client.stream(
                method, target, headers=sent, content=content, extensions={"sni_hostname": name}
            ) as response,
        ):
            yield response
    except httpx.TimeoutException as error:
        raise OutboundError(f"{url} did not answer in {timeout:g} seconds.") from error
    except httpx.HTTPError as error:
        raise OutboundError(f"{url} cannot be reached: {error}") from error


def check_address(url: str) -> None:
    """Raises AddressRefused or OutboundError when `fetch` would not send to this address."""
    _checked(url)


def _checked(url: str) -> tuple[httpx.URL, str, str]:
    """The URL with its host replaced by a checked address, the Host header, and the host's name (for TLS)."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise AddressRefused(f"{url} is not an address.") from error
    if parsed.scheme not in ("http", "https") or not parsed.host or parsed.userinfo:
        raise AddressRefused(f"{url} is not an http or https address.")
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    addresses = _resolve(parsed.host, port)
    for address in addresses:
        if not address.is_global or address.is_multicast:
            _check_allowed(parsed.host, port, address)
    return parsed.copy_with(host=str(addresses[0])), parsed.netloc.decode(), parsed.host


def _resolve(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise OutboundError(f"The name {host} is not known.") from error
    addresses = [ipaddress.ip_address(item[4][0]) for item in found]
    return [_unmapped(address) for address in addresses]


def _unmapped(address: Address) -> Address:
    """::ffff:127.0.0.1 is 127.0.0.1."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _check_allowed(host: str, port: int, address: Address) -> None:
    for allowed in settings.OUTBOUND_ALLOWED:
        if allowed in (host, f"{host}:{port}", "*"):
            return
        try:
            if address in ipaddress.ip_network(allowed):
                return
        except ValueError:
            continue
    raise AddressRefused(
        f"{host} is a private address. An operator can allow it by adding {host} to OUTBOUND_ALLOWED."
    )


def _read(response: httpx.Response, max_bytes: int, deadline: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > max_bytes:
            raise OutboundError(f"The answer is longer than {max_bytes:,} bytes.")
        if time.monotonic() > deadline:
            raise OutboundError("The answer took too long.")
    return bytes(body)
