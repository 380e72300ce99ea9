"""The last step of an answer: compression, HEAD, safe headers, and counting what is really sent."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from http import HTTPStatus

from isal import isal_zlib

from fhirserver.http import FhirResponse
from gateway.inbound import Inbound

_NONE = re.compile(r"0(\.0*)?")
SMALLEST_COMPRESSED = 1400  # bytes; less fits one packet as it is
_LEVEL = 1
_GZIP_WINDOW = 31  # zlib's notation for a gzip container
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_CONTROL = dict.fromkeys((*range(32), 127))
FIXED_HEADERS = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))


def status_line(status: int) -> str:
    return _STATUS_LINES.get(status) or f"{status} Unknown"


def prepare(
    request: Inbound, response: FhirResponse
) -> tuple[list[tuple[str, str]], bytes | Iterator[bytes]]:
    """Headers and body as they go out. The body of HEAD is empty, its Content-Length the full one."""
    body = response.body
    headers = response.headers
    if _wants_gzip(request, response):
        headers["Content-Encoding"] = "gzip"
        headers.pop("Content-Length", None)
        body = _compress(body) if isinstance(body, bytes) else _compress_stream(body)
        _vary(headers, "Accept-Encoding")
    if isinstance(body, bytes) and response.status not in (204, 304):
        headers["Content-Length"] = str(len(body))
    if request.method == "HEAD":
        if not isinstance(body, bytes):
            _close(body)
        body = b""
    out = [(name, _safe(value)) for name, value in headers.items()]
    out += [pair for pair in FIXED_HEADERS if pair[0] not in headers]
    return out, body


def _safe(value: str) -> str:
    """Without control characters, so that no value can start another header, and in the one encoding WSGI has."""
    if value.isascii() and value.isprintable():
        return value
    return value.translate(_CONTROL).encode("utf-8").decode("latin-1")


def _wants_gzip(request: Inbound, response: FhirResponse) -> bool:
    if not _takes_gzip(request.environ.get("HTTP_ACCEPT_ENCODING", "")):
        return False
    if "Content-Encoding" in response.headers:
        return False
    return not isinstance(response.body, bytes) or len(response.body) >= SMALLEST_COMPRESSED


@lru_cache(maxsize=128)
def _takes_gzip(accepted: str) -> bool:
    """https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding"""
    qualities = {}
    for part in accepted.lower().split(","):
        name, _, parameter = part.partition(";")
        _, _, quality = parameter.partition("=")
        qualities[name.strip()] = quality.strip() or "1"
    wish = qualities.get("gzip") or qualities.get("x-gzip") or qualities.get("*") or "0"
    return not _NONE.fullmatch(wish)


def _vary(headers: dict[str, str], name: str) -> None:
    headers["Vary"] = f"{headers['Vary']}, {name}" if "Vary" in headers else name


def _compress(body: bytes) -> bytes:
    packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP_WINDOW)
    return packer.compress(body) + packer.flush()


def _compress_stream(body: Iterator[bytes]) -> Iterator[bytes]:
    """Flushes after each part, so that the first entry leaves before the last row is read."""
    packer = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP_WINDOW)
    try:
        for part in body:
            yield packer.compress(part) + packer.flush(isal_zlib.Z_SYNC_FLUSH)
        yield packer.flush()
    finally:
        _close(body)


def _close(body: Iterator[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()


class CountedBody:
    """A streamed body that tells `finished(bytes sent, whole)` exactly once: at its end, or when the client went away."""

    def __init__(self, parts: Iterator[bytes], finished: Callable[[int, bool], None]) -> None:
        self._parts = parts
        self._finished: Callable[[int, bool], None] | None = finished
        self._sent = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            part = next(self._parts)
        except StopIteration:
            self._finish(True)
            raise
        except Exception:
            self._finish(False)
            raise
        self._sent += len(part)
        return part

    def close(self) -> None:
        _close(self._parts)
        self._finish(False)

    def _finish(self, whole: bool) -> None:
        finished, self._finished = self._finished, None
        if finished is not None:
            finished(self._sent, whole)
