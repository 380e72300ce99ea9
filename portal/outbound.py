"""The one client for requests to addresses that somebody typed in: upstream servers, discovery documents, key sets.

Against server-side request forgery: only http and https; every address that the host resolves to must be public, unless the
operator allows it (`OUTBOUND_ALLOWED`, hosts or networks); the connection goes to the very addresses that were checked, so
that a second look-up cannot change them; redirects are followed only when asked for, each target checked anew and without the
credentials of another origin; size and time have limits, and so has the number of threads that wait for an answer.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urljoin

import httpcore
import httpx
from django.conf import settings

from portal.outbound_addresses import BAD_PORTS, Address, allows, is_public, read_address
from portal.outbound_connection import Deadline, connect
from portal.places import NoPlace, places

MAX_BYTES = 2_000_000
TIMEOUT = 10.0  # seconds, for the whole exchange
CONNECT_TIMEOUT = 5.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_AGENT = "Fireside"


class OutboundError(Exception):
    """The request could not be made or finished; the message may be shown."""


class OutboundTimeout(OutboundError):
    """The other side took too long."""


class OutboundBusy(OutboundError):
    """Other answers are waited for already; it may be tried again at once."""


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
                target = urljoin(url, location)
                headers = headers if _origin(target) == _origin(url) else _without_secrets(headers)
                url = target
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
    """The answer with its body unread; redirects are not followed. Raises AddressRefused or OutboundError.

    Until the headers are there `timeout` is for the whole exchange, afterwards for each read of the body. The body comes
    unpacked, in parts of bounded size.
    """
    with ExitStack() as held:
        try:
            held.enter_context(places.place(_host(url)))
        except NoPlace:
            raise OutboundBusy(f"{url} was not asked: other slow answers are waited for.") from None
        yield held.enter_context(_exchanged(url, method, headers, content, timeout))


@contextmanager
def _exchanged(
    url: str,
    method: str,
    headers: Mapping[str, str] | None,
    content: bytes | Iterable[bytes] | None,
    timeout: float,
) -> Iterator[httpx.Response]:
    addresses = _checked(url)
    limits = httpx.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT))
    deadline = Deadline(time.monotonic() + timeout)
    transport = connect([str(each) for each in addresses], deadline, _trusted())
    sent = {"User-Agent": _AGENT, "Accept-Encoding": "gzip", **(headers or {})}
    try:
        with (
            httpx.Client(
                transport=transport, timeout=limits, trust_env=False, follow_redirects=False
            ) as client,
            client.stream(method, url, headers=sent, content=content) as response,
        ):
            deadline.lift()
            yield response
    except (httpx.TimeoutException, httpcore.TimeoutException) as error:
        raise OutboundTimeout(f"{url} did not answer in {timeout:g} seconds.") from error
    except httpx.DecodingError as error:
        raise OutboundError(f"The answer of {url} {error}") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise OutboundError(f"{url} cannot be reached: {_reason(error)}") from error
    except UnicodeEncodeError as error:
        raise OutboundError("A header of the request has letters that HTTP cannot carry.") from error


def _host(url: str) -> str:
    try:
        return httpx.URL(url).host
    except (httpx.InvalidURL, UnicodeError, TypeError):
        return ""


def check_address(url: str) -> None:
    """Raises AddressRefused or OutboundError when `fetch` would not send to this address."""
    _checked(url)


def _reason(error: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return f"its TLS certificate is not trusted ({str(error).partition('verify failed: ')[2] or error})."
    if "SSL" in str(error):
        return "it does not speak TLS as it should."
    return str(error) or type(error).__name__


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """Reading the trusted authorities takes longer than a request."""
    return httpx.create_ssl_context(trust_env=False)


def _origin(url: str) -> tuple[str, str, int | None]:
    parsed = httpx.URL(url)
    return parsed.scheme, parsed.host, parsed.port


def _without_secrets(headers: Mapping[str, str] | None) -> dict[str, str]:
    """What another origin may be told."""
    kept = ("accept", "accept-language", "user-agent")
    return {name: value for name, value in (headers or {}).items() if name.lower() in kept}


def _checked(url: str) -> list[Address]:
    """The addresses of the URL's host, each of which may be spoken to."""
    try:
        parsed = httpx.URL(url)
        host = parsed.host
    except (httpx.InvalidURL, UnicodeError, TypeError) as error:
        raise AddressRefused(f"{url} is not an address.") from error
    if parsed.userinfo:
        raise AddressRefused("Leave user name and password out of the address.")
    if parsed.scheme not in ("http", "https") or not host:
        raise AddressRefused(f"{url} is not an http or https address.")
    port = parsed.port if parsed.port is not None else 443 if parsed.scheme == "https" else 80
    if not 0 < port < 65_536:
        raise AddressRefused(f"{port} is no port.")
    addresses = _resolve(host, port)
    for address in addresses:
        if (not is_public(address) or port in BAD_PORTS) and not allows(
            settings.OUTBOUND_ALLOWED, host, port, address
        ):
            raise _refusal(host, port, address)
    return addresses


def _refusal(host: str, port: int, address: Address) -> AddressRefused:
    if is_public(address):
        return AddressRefused(f"Port {port} of {host} is not one for HTTP.")
    return AddressRefused(
        f"{host} is a private address. An operator can allow it by adding {host} to OUTBOUND_ALLOWED."
    )


def _resolve(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, OverflowError) as error:
        raise OutboundError(f"The name {host} is not known.") from error
    return list(dict.fromkeys(read_address(item[4][0]) for item in found))


def _read(response: httpx.Response, max_bytes: int, deadline: float) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > max_bytes:
            raise OutboundError(f"The answer is longer than {max_bytes:,} bytes.")
        if time.monotonic() > deadline:
            raise OutboundTimeout("The answer took too long.")
    return bytes(body)
