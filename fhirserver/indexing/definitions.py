"""The search parameters of a type as they are indexed: which need rows of their own, and which are told by others.

- An alias (`patient` for `subject`) finds what another parameter finds.
- A union (`combo-code`) of what other parameters find is searched as any of those.
- Parts of names and addresses (`family`, `address-city`) are found by their own parameters; the whole is searched as any of those, and by what
  is left to it.
"""

import re
from functools import lru_cache
from typing import NamedTuple

import msgspec

from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import Component, Element, SearchParameter
from fhirspec.searchparams import alias_of, unsupported_reason
from fhirspec.searchparams.parse import ExistsAndIsNotFalse, parse, split_union
from fhirspec.terminology import code_set

NOT_INDEXED = frozenset(
    {"_id", "_lastUpdated", "_text", "_content", "_filter", "_query", "_list", "_has", "_type"}
)
"""Answered without rows of their own, or not at all."""

_PLAIN_PATH = re.compile(r"[A-Z]\w*(\.[a-zA-Z]+)+")
_OF_BOOLEANS = frozenset(
    {"http://hl7.org/fhir/special-values", "http://terminology.hl7.org/CodeSystem/special-values"}
)
"""https://hl7.org/fhir/R4/search.html#token"""
_OF_SYSTEM = re.compile(r"(?P<whole>[A-Z]\w*\.telecom)\.where\(system='(?P<system>\w+)'\)")
_RANKED_BY = (
    "date", "authoredon", "authored-on", "authored", "effective-time", "effective", "whenhandedover", "onset-date",
    "recorded-date", "occurrence", "occurrence-date", "sent", "received", "period", "started", "created", "issued",
    "recorded", "start", "start-date", "effective-period", "collected", "event-date", "timestamp", "signed", "time",
)  # fmt: skip


class Reading(NamedTuple):
    """Whose rows a parameter reads: its own, or those of others; `target` keeps only references to that type."""

    code: str
    target: str = ""


@lru_cache(maxsize=8192)
def parameter(resource_type: str, code: str) -> SearchParameter | None:
    """A parameter of the type that can be searched, else None."""
    found = get_catalogue().search_parameters(resource_type).get(code)
    if found is None or (found.type != "special" and unsupported_reason(found)):
        return None
    return found


@lru_cache(maxsize=8192)
def readings(resource_type: str, code: str) -> tuple[Reading, ...]:
    """The parameters whose rows answer this one; those that a guide adds have rows of their own."""
    own = get_catalogue().search_parameters(resource_type).get(code)
    if own is None:
        return (Reading(code),)
    alias = None if code in NOT_INDEXED or own.type == "composite" else alias_of(resource_type, code)
    if alias is not None:
        return tuple(Reading(one.code, alias.target) for one in readings(resource_type, alias.code))
    parts = _parts(resource_type, own) or (*parts_apart(resource_type, code).values(), code)
    return tuple(Reading(part) for part in parts)


@lru_cache(maxsize=8192)
def parts_apart(resource_type: str, code: str) -> dict[str, str]:
    """The parts of the name or address that a parameter reads which have a parameter of their own: the element (`city`) with its code."""
    if element_type(resource_type, code) not in ("HumanName", "Address"):
        return {}
    parameters = get_catalogue().search_parameters(resource_type)
    own = parameters[code]
    return {
        other.expression.removeprefix(f"{own.expression}."): other.code
        for other in parameters.values()
        if other.type == own.type == "string" and other.expression.startswith(f"{own.expression}.")
    }


def _parts(resource_type: str, own: SearchParameter) -> tuple[str, ...]:
    """Other parameters that together find exactly what this union finds."""
    members = set(split_union(own.expression))
    if len(members) < 2 or own.type == "composite":
        return ()
    parts, covered = [], set()
    for other in get_catalogue().search_parameters(resource_type).values():
        theirs = set(split_union(other.expression)) if other.expression else set()
        if other.type == own.type and theirs and theirs < members:
            parts.append(other.code)
            covered |= theirs
    return tuple(parts) if covered == members else ()


@lru_cache(maxsize=512)
def indexed(resource_type: str) -> tuple[SearchParameter, ...]:
    """The parameters of a type that have rows of their own."""
    return tuple(
        one
        for code, one in get_catalogue().search_parameters(resource_type).items()
        if code not in NOT_INDEXED
        and (one.expression or one.components)
        and one.type != "special"
        and not unsupported_reason(one)
        and Reading(code) in readings(resource_type, code)
    )


@lru_cache(maxsize=512)
def clinical_dates(resource_type: str) -> tuple[str, ...]:
    """The codes of the dates that tell when care took place, the one that tells it best first."""
    codes = {one.code for one in indexed(resource_type) if one.type == "date"}
    return tuple(code for code in _RANKED_BY if code in codes)


@lru_cache(maxsize=512)
def rank_parameter(resource_type: str) -> str:
    """The code of the date by which resources of a type are ordered; empty: by their creation."""
    return next(iter(clinical_dates(resource_type)), "")


@lru_cache(maxsize=4096)
def nested(composite: SearchParameter) -> SearchParameter | None:
    """A composite without the part that is the resource itself; None when nothing is left."""
    kept = [part for part in split_union(composite.expression) if part.strip() != composite.base]
    if not kept:
        return None
    return msgspec.structs.replace(composite, expression=" | ".join(kept), components=_matched(composite))


def _matched(composite: SearchParameter) -> tuple[Component, ...]:
    """The components with the expressions that are theirs: R4 has those of DocumentReference's `relationship` the wrong way round."""
    parts, kinds = composite.components, component_codes(composite, composite.base)
    if len(parts) != 2 or len(kinds) != 2:
        return parts
    ends = zip(kinds, reversed(parts), strict=True)
    if not all(kind.expression.endswith(f".{other.expression}") for kind, other in ends):
        return parts
    return tuple(
        msgspec.structs.replace(part, expression=other.expression)
        for part, other in zip(parts, reversed(parts), strict=True)
    )


@lru_cache(maxsize=4096)
def component_codes(composite: SearchParameter, resource_type: str) -> tuple[SearchParameter, ...]:
    """The parameters that give the components their types; empty when one is not of R4."""
    by_url = {one.url: one for one in get_catalogue().search_parameters(resource_type).values() if one.url}
    found = [by_url.get(part.definition) for part in composite.components]
    return tuple(one for one in found if one) if all(found) else ()


@lru_cache(maxsize=4096)
def composed_types(composite: SearchParameter, resource_type: str) -> tuple[str, ...]:
    """The types of the components of a composite that can be indexed: of two, or of one and two numbers; else empty."""
    kinds = tuple(one.type for one in component_codes(composite, resource_type))
    return kinds if len(kinds) == 2 or kinds[1:] == ("number", "number") else ()


@lru_cache(maxsize=4096)
def element_type(resource_type: str, code: str) -> str:
    """The FHIR type of the element that a parameter with a plain path reads, else empty."""
    element = _element(resource_type, code)
    return element.types[0].code if element and len(element.types) == 1 else ""


@lru_cache(maxsize=4096)
def is_flag(resource_type: str, code: str) -> bool:
    """Whether a token parameter reads a code or boolean element, whose values never carry a system."""
    return element_type(resource_type, code) in ("code", "boolean")


@lru_cache(maxsize=4096)
def is_mime_type(resource_type: str, code: str) -> bool:
    """Whether a parameter reads mime types, which may carry parameters of their own (`text/xml; charset=UTF-8`)."""
    found = get_catalogue().search_parameters(resource_type).get(code)
    return found is not None and found.type == "token" and found.expression.endswith(".contentType")


class ContactPart(NamedTuple):
    """A parameter that finds the contact points of one system (`phone`) among those that another finds (`telecom`)."""

    code: str
    system: str


@lru_cache(maxsize=4096)
def contact_part(resource_type: str, code: str) -> ContactPart | None:
    parameters = get_catalogue().search_parameters(resource_type)
    found = parameters.get(code)
    matched = _OF_SYSTEM.fullmatch(found.expression) if found and found.type == "token" else None
    if matched is None:
        return None
    whole = (one.code for one in indexed(resource_type) if one.expression == matched["whole"])
    return next((ContactPart(one, matched["system"]) for one in whole), None)


@lru_cache(maxsize=4096)
def is_question(resource_type: str, code: str) -> bool:
    """Whether a parameter says yes or no of every resource (`Patient?deceased`). Only yes is indexed: no is all the others."""
    found = get_catalogue().search_parameters(resource_type).get(code)
    steps = (
        parse(found.expression) if found and found.type == "token" and "exists()" in found.expression else ()
    )
    return any(isinstance(step, ExistsAndIsNotFalse) for step in steps)


@lru_cache(maxsize=4096)
def implied_systems(resource_type: str, code: str) -> frozenset[str]:
    """The code systems of a `code` element's bound value set, and what stands for one of yes and no; empty when they cannot be told."""
    if is_question(resource_type, code) or element_type(resource_type, code) == "boolean":
        return _OF_BOOLEANS
    element = _element(resource_type, code)
    if element is None or not element.value_set or element.types[0].code != "code":
        return frozenset()
    value_set = get_catalogue().canonical(element.value_set) or {}
    includes = value_set.get("compose", {}).get("include", [])
    if not includes or any("system" not in one for one in includes):
        return frozenset()
    return frozenset(one["system"] for one in includes)


@lru_cache(maxsize=4096)
def closed_codes(resource_type: str, code: str) -> frozenset[str]:
    """All that a `code` element may have, where its value set is required and can be listed; else empty."""
    element = _element(resource_type, code)
    if (
        element is None
        or element.binding_strength != "required"
        or element_type(resource_type, code) != "code"
    ):
        return frozenset()
    return frozenset(one for _, one in code_set(element.value_set) or ())


def _element(resource_type: str, code: str) -> Element | None:
    found = get_catalogue().search_parameters(resource_type).get(code)
    expression = found.expression.strip("() ") if found else ""
    if not _PLAIN_PATH.fullmatch(expression):
        return None
    return get_catalogue().type_definition(resource_type).element(expression)
