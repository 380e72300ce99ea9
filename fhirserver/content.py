"""The content of a Binary under its own media type, out and in. https://hl7.org/fhir/R4/binary.html#rest

Out: whoever asks for a Binary without naming FHIR's own media types gets the content itself. In: a body that is no Binary resource is the
content of one. Nothing of it runs as a page of this address, whatever it says that it is.
"""

import re
from base64 import b64decode, b64encode
from binascii import Error
from mimetypes import guess_extension
from typing import Any

from lxml import etree

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.negotiation import (
    FHIR_NAMES,
    JSON,
    JSON_NAMES,
    XML_NAMES,
    Form,
    form_of,
    media_type,
    wishes_of,
)
from fhirserver.outcomes import NotAcceptable, UnsupportedMediaType
from fhirserver.store import Current
from fhirserver.subsets import subset_of
from fhirspec import json
from fhirspec.xml.problem import FHIR_NAMESPACE

SECURITY_CONTEXT = "x-security-context"
BINARY = "Binary"
_ONE = re.compile(r"Binary/[A-Za-z0-9\-.]{1,64}(/_history/[A-Za-z0-9\-.]{1,64})?/?")
_MEDIA_TYPE = re.compile(
    r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}(; ?[\w-]{1,64}=(\"[^\"\\]{0,99}\"|[\w.+:/-]{1,99}))*", re.ASCII
)
_UNKNOWN = "application/octet-stream"
_FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})
_HEAD = 64 * 1024
# The body is data to be saved or drawn, never a document of ours that could run.
_CONFINED = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept",
}


def form_of_answer(request: FhirRequest) -> Form:
    """As `form_of`; of a Binary any media type may be asked for, and only an error then comes in FHIR's."""
    if not reads_content(request):
        return form_of(request)
    try:
        return form_of(request)
    except NotAcceptable:
        return JSON


def reads_content(request: FhirRequest) -> bool:
    """Whether it is the read or vread of a Binary that does not ask for the resource: by `_format`, or for a part of it."""
    return (
        request.path.startswith(BINARY)
        and request.method == "GET"
        and _ONE.fullmatch(request.path) is not None
        and not request.parameter("_format")
        and subset_of(request) is None
    )


def as_content(request: FhirRequest, response: FhirResponse) -> FhirResponse:
    """The answer with the content in the place of the resource, where Accept asks for it. Raises NotAcceptable."""
    if response.status != 200 or not isinstance(response.body, bytes):
        return response
    resource = json.decode(response.body)
    kept = " ".join(str(resource.get("contentType", "")).split())
    if not _wants_content(request.header("accept"), media_type(kept)):
        return response
    response.body = _decoded(resource)
    response.headers["Content-Type"] = kept if _MEDIA_TYPE.fullmatch(kept) else _UNKNOWN
    ending = guess_extension(media_type(kept)) or ""
    response.headers["Content-Disposition"] = f'attachment; filename="{request.logical_id}{ending}"'
    response.headers.update(_CONFINED)
    context = resource.get("securityContext", {}).get("reference")
    if context:
        response.headers["X-Security-Context"] = context
    return response


def _wants_content(accept: str, kept: str) -> bool:
    """FHIR's own names ask for the resource. Plain JSON and XML do where the content is neither and nothing else is taken."""
    taken = [wish.name for wish in wishes_of(accept).taken] if accept else ["*/*"]
    ranges = {kept, f"{kept.partition('/')[0]}/*", "*/*", ""}
    for name in taken:
        if name in FHIR_NAMES:
            return False
        if name in ranges:
            return True
    if any(name in JSON_NAMES | XML_NAMES for name in taken):
        return False
    raise NotAcceptable(
        f"Accept: {accept} does not take {kept}, nor FHIR JSON or XML; the Binary is there in these."
    )


def _decoded(resource: dict[str, Any]) -> bytes:
    try:
        return b64decode("".join(str(resource.get("data", "")).split()))
    except Error:
        return b""


def holds_content(request: FhirRequest, body: bytes) -> bool:
    """Whether a body that is sent to Binary is content, not a Binary resource. Raises UnsupportedMediaType."""
    kind = media_type(request.header("content-type"))
    if kind in _FORMS:
        raise UnsupportedMediaType(f"{kind} is a form. Send the content itself, with its own Content-Type.")
    if kind in JSON_NAMES:
        return not _is_binary_json(body, kind in FHIR_NAMES)
    if kind in XML_NAMES:
        return not _is_binary_xml(body, kind in FHIR_NAMES)
    if kind and not _MEDIA_TYPE.fullmatch(kind):
        raise UnsupportedMediaType(f"Content-Type {kind} is not a media type.")
    return kind != ""


def _is_binary_json(body: bytes, when_malformed: bool) -> bool:
    """What calls itself FHIR and cannot be read is a Binary gone wrong: it is refused with its place, not kept."""
    try:
        found = json.decode(body)
    except ValueError:
        return when_malformed
    return isinstance(found, dict) and found.get("resourceType") == BINARY


def _is_binary_xml(body: bytes, when_malformed: bool) -> bool:
    parser = etree.XMLPullParser(("start",), resolve_entities=False, no_network=True, load_dtd=False)
    try:
        parser.feed(body[:_HEAD])
        root: Any = next((element for _, element in parser.read_events()), None)
    except etree.XMLSyntaxError:
        return when_malformed
    return when_malformed if root is None else root.tag == f"{{{FHIR_NAMESPACE}}}{BINARY}"


def binary_of(request: FhirRequest, body: bytes) -> dict[str, Any]:
    """The Binary whose content this body is."""
    made: dict[str, Any] = {
        "resourceType": BINARY,
        "contentType": " ".join(request.header("content-type").split()),
    }
    if request.logical_id:
        made["id"] = request.logical_id
    context = request.header(SECURITY_CONTEXT)
    if context:
        made["securityContext"] = {"reference": context}
    if body:
        made["data"] = b64encode(body).decode()
    return made


def with_what_content_cannot_say(resource: dict[str, Any], current: Current | None) -> dict[str, Any]:
    """New content leaves the labels of the version before, and who may read it, as they are."""
    if current is None or current.content is None:
        return resource
    before = json.decode(current.content)
    kept = {name: before[name] for name in ("meta", "language", "securityContext") if name in before}
    return {**kept, **resource}
