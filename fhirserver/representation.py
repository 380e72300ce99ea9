"""How resources come in and go out: JSON or XML, pretty, gzip, only some elements.

https://hl7.org/fhir/R4/http.html#mime-type, https://hl7.org/fhir/R4/http.html#parameters
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.limits import GZIP_FROM_BYTES, MAX_BODY_BYTES, MAX_ELEMENTS
from fhirserver.negotiation import (
    JSON_NAMES,
    JSON_TYPE,
    XML_NAMES,
    Form,
    is_our_version,
    media_parameters,
    media_type,
)
from fhirserver.outcomes import BadRequest, TooLarge, UnsupportedMediaType
from fhirspec import json
from fhirspec.xml import from_xml, to_xml

# At least one of these begins, or ends, each value of JSON and each element of XML.
_IN_JSON = (b"{", b"[", b",")
_IN_XML = (b"<",)


def body_of(request: FhirRequest) -> bytes:
    """The body, within the limit of size."""
    if len(request.body) > MAX_BODY_BYTES:
        raise TooLarge(f"The body is larger than {MAX_BODY_BYTES} bytes (MAX_BODY_BYTES).")
    return request.body


def read_resource(request: FhirRequest) -> dict[str, Any]:
    """The resource in the body, from JSON or XML; it has a `resourceType`, all else is unchecked."""
    kind = media_type(request.header("content-type"))
    _require_our_form(request.header("content-type"))
    body = body_of(request)
    if kind in XML_NAMES:
        resource: Any = _from_xml(body)
    elif kind in JSON_NAMES or kind == "":
        resource = _from_json(body)
    else:
        raise UnsupportedMediaType(f"Content-Type {kind} is not supported; FHIR JSON and FHIR XML are.")
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise BadRequest("The body is not a FHIR resource: it has no resourceType.")
    return resource


def _require_our_form(content_type: str) -> None:
    if ";" not in content_type:
        return
    parameters = media_parameters(content_type)
    if parameters.get("charset", "utf-8") not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType(f"FHIR is written in UTF-8, not in {parameters['charset']}.")
    if not is_our_version(parameters):
        raise UnsupportedMediaType(f"This is a FHIR 4.0 server, not one of {parameters['fhirversion']}.")


def _require_moderate(body: bytes, signs: tuple[bytes, ...]) -> None:
    """Each element takes hundreds of bytes in memory, however few it has in the body. Raises TooLarge before any is read."""
    if len(body) > MAX_ELEMENTS and sum(map(body.count, signs)) > MAX_ELEMENTS:
        raise TooLarge(f"The body has more than {MAX_ELEMENTS:,} elements (MAX_ELEMENTS).")


def read_json(request: FhirRequest) -> Any:
    """The JSON in a body that is no resource."""
    return _decoded(request, json.decode)


def read_json_object(request: FhirRequest) -> dict[str, Any]:
    """As `read_json`, for one object without names that stand twice in an object."""
    return _decoded(request, json.decode_object)


Value = TypeVar("Value")


def _decoded(request: FhirRequest, decode: Callable[[bytes], Value]) -> Value:
    _require_our_form(request.header("content-type"))
    body = body_of(request)
    _require_moderate(body, _IN_JSON)
    try:
        return decode(body)
    except ValueError as error:
        raise BadRequest(f"The body is not valid JSON: {error}") from error


def _from_json(body: bytes) -> dict[str, Any]:
    _require_moderate(body, _IN_JSON)
    try:
        return json.decode_object(body)
    except ValueError as error:
        raise BadRequest(f"The body is not valid FHIR JSON: {error}") from error


def _from_xml(body: bytes) -> dict[str, Any]:
    _require_moderate(body, _IN_XML)
    try:
        return from_xml(body)
    except ValueError as error:
        raise BadRequest(f"The body is not valid FHIR XML: {error}") from error


def present(request: FhirRequest, response: FhirResponse, form: Form) -> None:
    """Give the JSON answer of an interaction the form that the client asked for."""
    if response.headers.get("Content-Type") == JSON_TYPE:
        pretty = request.parameter("_pretty") == "true"
        if form.is_xml or pretty:
            response.body = _reformed(_joined(response.body), form.is_xml, pretty)
        response.headers["Content-Type"] = form.content_type
    if "gzip" in request.header("accept-encoding"):
        _pack(response)


def _joined(body: bytes | Iterator[bytes]) -> bytes:
    return body if isinstance(body, bytes) else b"".join(body)


def _reformed(body: bytes, as_xml: bool, pretty: bool) -> bytes:
    if not body:
        return body
    if as_xml:
        return to_xml(json.decode(body), pretty=pretty)
    return msgspec.json.format(body, indent=2)


def _pack(response: FhirResponse) -> None:
    response.headers["Vary"] = "Accept, Accept-Encoding"
    if isinstance(response.body, bytes):
        if len(response.body) < GZIP_FROM_BYTES:
            return
        response.body = zlib.compress(response.body, level=1, wbits=31)
    else:
        response.body = _packed(response.body)
    response.headers["Content-Encoding"] = "gzip"


def _packed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    deflate = zlib.compressobj(level=1, wbits=31)
    for number, piece in enumerate(pieces):
        packed = deflate.compress(piece)
        if number % 64 == 1:
            packed += deflate.flush(zlib.Z_SYNC_FLUSH)
        if packed:
            yield packed
    yield deflate.flush()
