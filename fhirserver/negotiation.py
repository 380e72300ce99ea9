"""In which form an answer goes out: `_format` decides, else Accept.

https://hl7.org/fhir/R4/http.html#mime-type, https://www.rfc-editor.org/rfc/rfc9110#name-accept
"""

from functools import lru_cache
from typing import NamedTuple

from fhirserver.http import FhirRequest
from fhirserver.outcomes import BadRequest, NotAcceptable
from fhirspec.catalogue import FHIR_VERSION
from fhirspec.patch import JSON_PATCH_TYPE, MERGE_PATCH_TYPE

JSON_TYPE = "application/fhir+json; charset=utf-8"
XML_TYPE = "application/fhir+xml; charset=utf-8"
NDJSON_TYPE = "application/fhir+ndjson"
# FHIR's own names. The second of each is the one up to DSTU2, which older clients still send.
_FHIR_JSON = ("application/fhir+json", "application/json+fhir")
_FHIR_XML = ("application/fhir+xml", "application/xml+fhir")
PLAIN_JSON = ("application/json", "text/json")
_PLAIN_XML = ("application/xml", "text/xml")
FHIR_NAMES = frozenset(_FHIR_JSON + _FHIR_XML)
JSON_NAMES = frozenset({"json", *_FHIR_JSON, *PLAIN_JSON})
XML_NAMES = frozenset({"xml", *_FHIR_XML, *_PLAIN_XML})
# A page, a patch or a file of lines is asked for beside FHIR's own types; an error or a resource then comes as JSON.
_BESIDE = frozenset({"", "text/html", NDJSON_TYPE, JSON_PATCH_TYPE, MERGE_PATCH_TYPE})


class Form(NamedTuple):
    """XML or JSON, and under which name: a client that asks for `application/json` is answered with that."""

    is_xml: bool
    content_type: str


JSON = Form(False, JSON_TYPE)
XML = Form(True, XML_TYPE)


class Wish(NamedTuple):
    """One media type of an Accept header, which the client takes."""

    name: str
    is_our_version: bool


class Wishes(NamedTuple):
    """What an Accept header takes, the dearest first, and the names that it rules out."""

    taken: tuple[Wish, ...]
    refused: frozenset[str]


def media_type(value: str) -> str:
    return value.partition(";")[0].strip().lower()


def media_parameters(value: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in value.split(";")[1:])
    return {name.strip().lower(): text.strip().strip('"').lower() for name, _, text in pairs}


def is_our_version(parameters: dict[str, str]) -> bool:
    """https://hl7.org/fhir/R4/http.html#version-parameter"""
    return parameters.get("fhirversion", "4.0") in ("4.0", FHIR_VERSION)


def form_of(request: FhirRequest) -> Form:
    """The form of the answer. Raises NotAcceptable."""
    asked = request.parameter("_format")
    if asked:
        # A `+` that the client did not encode arrives as a space.
        name = media_type(asked).replace(" ", "+")
        if name in JSON_NAMES | XML_NAMES and is_our_version(media_parameters(asked)):
            return XML if name in XML_NAMES else JSON
        raise NotAcceptable(f"_format={asked} is not available; json and xml of FHIR 4.0 are.")
    accept = request.header("accept")
    return _accepted(accept) if accept else JSON


@lru_cache(maxsize=256)
def _accepted(accept: str) -> Form:
    wishes = wishes_of(accept)
    for wish in wishes.taken:
        form = _form_named(wish.name, wishes.refused) if wish.is_our_version else None
        if form is not None:
            return form
    raise NotAcceptable(f"Accept: {accept} names nothing that is available; JSON and XML of FHIR 4.0 are.")


def _form_named(name: str, refused: frozenset[str]) -> Form | None:
    """What stands under a name; under a range whichever of the two was not ruled out."""
    if name in _BESIDE or name in _FHIR_JSON or name == "json":
        return JSON
    if name in _FHIR_XML or name == "xml":
        return XML
    if name in PLAIN_JSON:
        return Form(False, f"{name}; charset=utf-8")
    if name in _PLAIN_XML:
        return Form(True, f"{name}; charset=utf-8")
    if name == "text/*":
        return Form(False, "text/json; charset=utf-8")
    if name not in ("*/*", "application/*"):
        return None
    open_forms = [form for form in (JSON, XML) if media_type(form.content_type) not in refused]
    return open_forms[0] if open_forms else None


@lru_cache(maxsize=256)
def wishes_of(accept: str) -> Wishes:
    """Of equal wishes the first counts. Raises BadRequest for a quality that is no number."""
    ranked, refused = [], set()
    for position, part in enumerate(accept.split(",")):
        parameters = media_parameters(part)
        try:
            quality = float(parameters.get("q", "1"))
        except ValueError:
            raise BadRequest(f"Accept has a malformed quality: {part.strip()}") from None
        if quality > 0:
            ranked.append((-quality, position, Wish(media_type(part), is_our_version(parameters))))
        else:
            refused.add(media_type(part))
    return Wishes(tuple(wish for _, _, wish in sorted(ranked)), frozenset(refused))
