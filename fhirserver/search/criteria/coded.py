"""Tokens by what terminology says of their codes: `:in` and `:not-in` a value set, `:above` and `:below` in a hierarchy.

https://hl7.org/fhir/R4/search.html#token
"""

from collections.abc import Iterable

from fhirserver.indexing.definitions import implied_systems, is_mime_type, readings
from fhirserver.indexing.keys import value_key
from fhirserver.indexing.params.token import by_mime_type, key_of
from fhirserver.outcomes import BadRequest, LimitExceeded
from fhirserver.search.ast import NOTHING, Node, Posting, any_of
from fhirserver.search.criteria.token import token_variant
from fhirserver.search.limits import MAX_CODES
from fhirserver.search.parse import split, unescaped
from fhirserver.search.scope import Scope
from fhirspec.definitions import SearchParameter
from fhirspec.terminology import CannotExpand, UnknownCodeSystem

SystemAndCode = tuple[str, str]


def coded(resource_type: str, found: SearchParameter, modifier: str, value: str, scope: Scope) -> Node:
    """Raises BadRequest for a value set or code system that is not known here, LimitExceeded for one that is too large."""
    if modifier == "below" and is_mime_type(resource_type, found.code):
        return Posting((value_key(resource_type, found.code, by_mime_type(unescaped(value))),))
    name = f"{found.code}:{modifier}={value}"
    if modifier in ("in", "not-in"):
        codes = _in_value_set(name, unescaped(value), scope)
    else:
        codes = _in_hierarchy(name, modifier, _coding(resource_type, found, name, value), scope)
    if len(codes) > MAX_CODES:
        raise LimitExceeded(f"{name} stands for {len(codes)} codes; the limit is {MAX_CODES} (MAX_CODES).")
    return any_of([_any_of(resource_type, one.code, codes) for one in readings(resource_type, found.code)])


def _in_value_set(name: str, canonical: str, scope: Scope) -> list[SystemAndCode]:
    try:
        return [(one.system, one.code) for one in scope.terminology().codes(canonical)]
    except CannotExpand as error:
        raise BadRequest(f"{name}: {error}.") from error


def _coding(resource_type: str, found: SearchParameter, name: str, value: str) -> SystemAndCode:
    """The system and the code of a value; the elements of some parameters have one system only."""
    parts = [unescaped(part) for part in split(value, "|")]
    if len(parts) == 2 and all(parts):
        return parts[0], parts[1]
    systems = {
        system
        for one in readings(resource_type, found.code)
        for system in implied_systems(resource_type, one.code)
    }
    if len(parts) == 1 and len(systems) == 1:
        return systems.pop(), parts[0]
    raise BadRequest(
        f"{name} is not of the form system|code: only a code's system says what is above and below it."
    )


def _in_hierarchy(name: str, modifier: str, coding: SystemAndCode, scope: Scope) -> list[SystemAndCode]:
    system, code = coding
    try:
        table = scope.terminology().code_table(system)
    except UnknownCodeSystem as error:
        raise BadRequest(f"{name}: {error}.") from error
    concept = table.find(code)
    if concept is None:
        return [coding]
    others = table.ancestors(concept.code) if modifier == "above" else table.descendants(concept.code)
    return [(system, one) for one in (concept.code, *others)]


def _any_of(resource_type: str, code: str, codes: Iterable[SystemAndCode]) -> Node:
    variants = [token_variant(resource_type, code, code, [system, text], text) for system, text in codes]
    keys = [key_of(resource_type, code, variant) for variant in variants if variant is not None]
    return Posting(tuple(dict.fromkeys(keys))) if keys else NOTHING
