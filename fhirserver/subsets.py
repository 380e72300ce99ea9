"""Parts of resources: `_summary` and `_elements`. What was left out is told by the tag SUBSETTED.

https://hl7.org/fhir/R4/search.html#summary, https://hl7.org/fhir/R4/search.html#elements
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from fhirserver.bundles import Entry
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.outcomes import BadRequest
from fhirspec import json
from fhirspec.catalogue import get_catalogue

_SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}
_ALWAYS = frozenset({"resourceType", "id", "meta"})
_SUMMARIES = ("true", "text", "data", "count", "false")


class Subset(NamedTuple):
    """`summary`: true, text or data, or empty; `elements`: names, plain or `Type.name`."""

    summary: str
    elements: frozenset[str]


def subset_of(request: FhirRequest) -> Subset | None:
    """What part the client asks for; None: everything. Raises BadRequest."""
    if not request.query:
        return None
    summary = request.parameter("_summary") or ""
    elements = ",".join(value for name, value in request.query if name == "_elements")
    if summary and summary not in _SUMMARIES:
        raise BadRequest(f"_summary={summary} is not one of {', '.join(_SUMMARIES)}.")
    if summary in ("", "false", "count") and not elements:
        return None
    names = frozenset(name.strip() for name in elements.split(",") if name.strip())
    return Subset("" if summary in ("false", "count") else summary, names)


def subset_response(request: FhirRequest, response: FhirResponse) -> FhirResponse:
    wanted = subset_of(request)
    if wanted is not None and isinstance(response.body, bytes) and response.body:
        response.body = subset_bytes(wanted, response.body)
    return response


def subset_entries(wanted: Subset, entries: Iterable[Entry]) -> Iterator[Entry]:
    for entry in entries:
        if entry.mode == "outcome":
            yield entry
        else:
            yield entry._replace(content=subset_bytes(wanted, entry.content))


def subset_searched(wanted: Subset, entries: Iterable[Entry]) -> Iterator[Entry]:
    """ "The list of elements does not apply to included resources": of these only what is named with their type is a list for them."""
    for entry in entries:
        own = wanted
        if entry.mode == "include":
            named = frozenset(name for name in wanted.elements if name.startswith(f"{entry.type}."))
            own = Subset(wanted.summary, named)
        if own.summary or own.elements:
            yield from subset_entries(own, [entry])
        else:
            yield entry


def subset_bytes(wanted: Subset, content: bytes) -> bytes:
    return json.encode(subset(wanted, json.decode(content)))


def subset(wanted: Subset, resource: dict[str, Any]) -> dict[str, Any]:
    """The resource with only the wanted elements, the mandatory ones among them, tagged as a subset."""
    keep = _kept(wanted, resource["resourceType"])
    if keep is None:
        part = {key: value for key, value in resource.items() if key not in ("text", "_text")}
    else:
        part = {key: value for key, value in resource.items() if key.removeprefix("_") in keep}
    if wanted.summary == "true":
        part = _summarised(part, resource["resourceType"], resource["resourceType"])
    meta = dict(part.get("meta") or {})
    if _SUBSETTED not in meta.get("tag", []):
        meta["tag"] = [*meta.get("tag", []), _SUBSETTED]
    part["meta"] = meta
    return part


def _summarised(node: dict[str, Any], resource_type: str, path: str) -> dict[str, Any]:
    """The elements inside of kept ones that are neither mandatory nor in the summary are left out too."""
    made = dict(node)
    for name, value in node.items():
        below = f"{path}.{name}"
        keep = _inner_summary(resource_type, below)
        if not keep or not isinstance(value, dict | list):
            continue
        items = [
            _summarised({k: v for k, v in one.items() if k.removeprefix("_") in keep}, resource_type, below)
            for one in (value if isinstance(value, list) else [value])
        ]
        made[name] = items if isinstance(value, list) else items[0]
    return made


@lru_cache(maxsize=4096)
def _inner_summary(resource_type: str, path: str) -> frozenset[str]:
    """What a summary keeps of an element that the type itself defines (`CapabilityStatement.rest`); empty for a data type."""
    found = get_catalogue().type_definition(resource_type).children(path)
    kept = [name for one in found if one.min > 0 or one.is_summary for name, _ in one.json_names()]
    return frozenset(("id", "extension", *kept)) if found else frozenset()


def _kept(wanted: Subset, resource_type: str) -> frozenset[str] | None:
    """Names of JSON properties to keep; None: all but the narrative (`_summary=data`)."""
    if wanted.summary == "data" and not wanted.elements:
        return None
    mandatory, summarised, every = _top_elements(resource_type)
    if wanted.summary == "true":
        return _ALWAYS | summarised
    if wanted.summary == "text":
        return _ALWAYS | mandatory | {"text"}
    # Of an element that lies deeper the whole one of the first level is kept: less would not be that element.
    paths = [name.removeprefix(f"{resource_type}.") for name in wanted.elements]
    named = {path.partition(".")[0].removesuffix("[x]") for path in paths}
    chosen = {name for name in every if name in named or _is_choice_of(name, named)}
    return _ALWAYS | mandatory | chosen


def _is_choice_of(name: str, named: set[str]) -> bool:
    return any(name.startswith(base) and name[len(base) : len(base) + 1].isupper() for base in named)


@lru_cache(maxsize=256)
def _top_elements(resource_type: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Of a type's first level: the names that are mandatory, those in the summary, and all, choices spelt out."""
    mandatory, summarised, every = set(), set(), set()
    for element in get_catalogue().type_definition(resource_type).children(resource_type):
        names = {name for name, _ in element.json_names()}
        every.update(names)
        if element.min > 0:
            mandatory.update(names)
        if element.is_summary:
            summarised.update(names)
    return frozenset(mandatory), frozenset(summarised), frozenset(every)
