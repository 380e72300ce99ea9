"""A request as it comes in at `/fhir/<id>/r4/…`, read from the WSGI environment (PEP 3333) and nothing else.

Only what the engine and the door need is taken over, so that a hostile header reaches neither.
"""

import re
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote

from django.conf import settings

from fhirserver.negotiation import FHIR_NAMES, media_type
from portal.client_address import client_address
from portal.places import places

PREFIX = "/fhir/"
# Keys of the WSGI environment. What a client sends arrives as CGI variables (HTTP_…), never under a name like these.
DRY_RUN = "fireside.dry_run"
INSIDE = "fireside.inside"
MEMBER = "fireside.member"
_PATH = re.compile(r"/fhir/([a-z0-9]{12})/r4(?:/(.*))?", re.DOTALL)
_HOST = re.compile(r"[A-Za-z0-9.\-]{1,253}(:\d{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:\d{1,5})?")
_MAX_PARAMETERS = 1000
_MAX_QUERY = 64 * 1024
_PRINTABLE = bytes(range(33, 127))
_CHUNK = 64 * 1024
_GZIP_WINDOW = 31  # zlib's notation for a gzip container
# Environment key to header name: what the engine may look at.
_HEADERS = {
    "HTTP_ACCEPT": "accept",
    "CONTENT_TYPE": "content-type",
    "HTTP_PREFER": "prefer",
    "HTTP_IF_MATCH": "if-match",
    "HTTP_IF_NONE_MATCH": "if-none-match",
    "HTTP_IF_MODIFIED_SINCE": "if-modified-since",
    "HTTP_IF_NONE_EXIST": "if-none-exist",
    "HTTP_ACCEPT_CHARSET": "accept-charset",
    "HTTP_X_REQUEST_ID": "x-request-id",
    "HTTP_X_SECURITY_CONTEXT": "x-security-context",
}


class MalformedRequest(Exception):
    """The request cannot be read; the message says why (400)."""


class LengthRequired(Exception):
    """A body in pieces that could be cut off without anybody seeing it (411)."""


class UnknownEncoding(Exception):
    """A body that is packed in a way that is not supported (415)."""


class BodyTooLarge(Exception):
    """The body, `what` of it, has more bytes than may come (413); the message names the limit."""

    def __init__(self, limit: int, what: str = "body") -> None:
        whose = (
            "this server takes (FHIR_MAX_BODY_BYTES)"
            if limit == settings.FHIR_MAX_BODY_BYTES
            else "this deployment takes (Settings, Limits)"
        )
        super().__init__(f"The {what} is larger than the {limit:,} bytes that {whose}.")


@dataclass(slots=True)
class Inbound:
    """`path` follows the base, without leading slash. `query_string` is as sent, in ASCII. Header names are lower case."""

    environ: dict[str, Any]
    method: str
    deployment_id: str
    path: str
    query_string: str
    headers: dict[str, str]
    address: str

    @property
    def is_dry_run(self) -> bool:
        """Whether a caller in this process asked to have everything taken back: no header of a request can say so."""
        return self.environ.get(DRY_RUN) is True

    @property
    def is_inside(self) -> bool:
        """Whether one of this product's own pages made the request, in this process."""
        return self.environ.get(INSIDE) is True

    @property
    def origin(self) -> str:
        return str(self.environ.get("HTTP_ORIGIN", ""))

    def query(self) -> list[tuple[str, str]]:
        """The decoded parameters, in order. Raises MalformedRequest."""
        if not self.query_string:
            return []
        return parse_query(self.query_string)

    def base_url(self) -> str:
        """The endpoint's address without trailing slash: under PUBLIC_URL, or in development as it was called."""
        host = self.environ.get("HTTP_HOST", "")
        if settings.DEVELOPMENT and _HOST.fullmatch(host):
            scheme = self.environ.get("wsgi.url_scheme", "http")
            return f"{scheme}://{host}/fhir/{self.deployment_id}/r4"
        return f"{settings.PUBLIC_URL.rstrip('/')}/fhir/{self.deployment_id}/r4"

    def body(self, largest: int | None = None) -> bytes:
        """The whole body, unpacked: as it is sent and as it is unpacked `largest` bytes at most, else FHIR_MAX_BODY_BYTES. Raises BodyTooLarge, as early as
        it can be known, MalformedRequest when it ends early, LengthRequired, UnknownEncoding, and NoPlace."""
        limit: int = min(settings.FHIR_MAX_BODY_BYTES, largest or settings.FHIR_MAX_BODY_BYTES)
        body = self._sent_body(limit)
        encoding = self.environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
        if not body or encoding in ("", "identity"):
            return body
        # RFC 9110, 8.4.1.3: x-gzip is gzip.
        if encoding not in ("gzip", "x-gzip"):
            raise UnknownEncoding(f"Content-Encoding {encoding} is not supported; gzip is.")
        return _unpacked(body, limit)

    def _sent_body(self, limit: int) -> bytes:
        length = self.environ.get("CONTENT_LENGTH") or ""
        if length:
            if not length.isdecimal():
                raise MalformedRequest("Content-Length is not a number.")
            return self._read(int(length), limit)
        if "chunked" in self.environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            if self._is_content():
                raise LengthRequired("Send the length of the content, as Content-Length.")
            with places.place(self.deployment_id):
                return self._read_to_end(limit)
        return b""

    def _is_content(self) -> bool:
        """Whether it may be the content of a Binary as it is. Of a body in pieces WSGI does not tell the end from a connection that was
        lost: JSON and XML show it themselves, content would be kept in part."""
        kind = media_type(self.headers.get("content-type", ""))
        is_form = self.path.endswith("_search")
        return self.path.partition("/")[0] == "Binary" and not is_form and kind not in FHIR_NAMES

    def _read(self, length: int, limit: int) -> bytes:
        if length > limit:
            raise BodyTooLarge(limit)
        if not length:
            return b""
        with places.place(self.deployment_id):
            body: bytes = self.environ["wsgi.input"].read(length)
        if len(body) != length:
            raise MalformedRequest("The body ended before Content-Length.")
        return body

    def _read_to_end(self, limit: int) -> bytes:
        stream, parts, size = self.environ["wsgi.input"], [], 0
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > limit:
                raise BodyTooLarge(limit)
            parts.append(chunk)
        return b"".join(parts)


def _unpacked(packed: bytes, limit: int) -> bytes:
    inflate = zlib.decompressobj(_GZIP_WINDOW)
    try:
        # One more than is allowed: a body that is just as large as that ends where it should.
        body = inflate.decompress(packed, limit + 1)
    except zlib.error as error:
        raise MalformedRequest("The body is not valid gzip.") from error
    if len(body) > limit:
        raise BodyTooLarge(limit, "unpacked body")
    if not inflate.eof:
        raise MalformedRequest("The body is not valid gzip: it was cut off.")
    if inflate.unused_data:
        raise MalformedRequest("The body has more after its gzip: send one gzip member.")
    return body


def parse_query(text: str) -> list[tuple[str, str]]:
    """Raises MalformedRequest for a query that is too long, has too many parameters, or is not UTF-8."""
    if len(text) > _MAX_QUERY:
        raise MalformedRequest(f"The query is longer than {_MAX_QUERY} characters: search with POST.")
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS)
    except UnicodeDecodeError:
        raise MalformedRequest("The query is not UTF-8.") from None
    except ValueError:
        raise MalformedRequest(f"The query has more than {_MAX_PARAMETERS} parameters.") from None


def read_inbound(environ: dict[str, Any]) -> Inbound | None:
    """None when the path is no FHIR endpoint's."""
    try:
        path = environ["PATH_INFO"].encode("latin-1").decode()
    except UnicodeError:
        return None
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    headers = {name: _as_text(environ[key]) for key, name in _HEADERS.items() if key in environ}
    return Inbound(
        environ,
        environ["REQUEST_METHOD"],
        match[1],
        match[2] or "",
        _encoded(environ.get("QUERY_STRING", "")),
        headers,
        _address(environ),
    )


def _encoded(query: str) -> str:
    """Bytes beyond ASCII, which `curl` sends as they were typed, as the escapes that should have been sent."""
    return query if query.isascii() else quote(query.encode("latin-1"), _PRINTABLE)


def _as_text(header: str) -> str:
    """A header is bytes, shown in Latin-1 (PEP 3333); who writes more than ASCII mostly means UTF-8."""
    if header.isascii():
        return header
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header


def _address(environ: dict[str, Any]) -> str:
    """A request of our own pages came through no proxy: its headers were written by a person, its address by the page."""
    if environ.get(INSIDE) is True:
        return str(environ.get("REMOTE_ADDR", ""))[:45]
    return client_address(environ)
