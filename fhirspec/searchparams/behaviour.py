"""Which prefixes and modifiers each type of search parameter takes: the definitions do not say.

https://hl7.org/fhir/R4/search.html#modifiers, https://hl7.org/fhir/R4/search.html#prefix
"""

from functools import lru_cache

from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import SearchParameter
from fhirspec.searchparams.compile import UnsupportedExpression
from fhirspec.searchparams.paths import json_paths

ORDERED = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")

COMPARATORS: dict[str, tuple[str, ...]] = {
    "number": ORDERED,
    "date": ORDERED,
    "quantity": ORDERED,
}

# Those that the engine answers, and no others. A reference also takes each of its target types (`subject:Patient`); `of-type` is for
# identifiers alone.
MODIFIERS: dict[str, tuple[str, ...]] = {
    "number": ("missing",),
    "date": ("missing",),
    "quantity": ("missing",),
    "string": ("contains", "exact", "text", "missing"),
    "token": ("not", "text", "in", "not-in", "below", "above", "of-type", "missing"),
    "reference": ("identifier", "text", "missing"),
    "uri": ("above", "below", "missing"),
    "composite": (),
    "special": (),
}
FILTER_OPERATORS: dict[str, tuple[str, ...]] = {
    "number": (*ORDERED, "pr"),
    "date": (*ORDERED, "po", "pr"),
    "quantity": (*ORDERED, "pr"),
    "string": ("eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le", "pr"),
    "token": ("eq", "ne", "ss", "sb", "in", "ni", "pr"),
    "reference": ("eq", "ne", "re", "pr"),
    "uri": ("eq", "ne", "sw", "pr"),
    "composite": ("eq",),
    "special": ("eq",),
}
"""Of `_filter`: those that have a meaning for the type. https://hl7.org/fhir/R4/search_filter.html"""

HIERARCHIES = {"CarePlan": "part-of", "Encounter": "part-of", "Location": "partof", "Organization": "partof"}
"""Types whose resources are parts of each other, and the parameter that says of which. https://hl7.org/fhir/R4/search.html#recursive"""

# What every resource has is neither missing nor anything but itself.
_ALWAYS_THERE = frozenset({"_id", "_lastUpdated"})
_WORDS = frozenset({"_text", "_content"})
_EXPRESSIONS = frozenset({"_text", "_content", "_filter"})
"""Values with a grammar of their own, which says it all."""


def modifiers_of(parameter: SearchParameter) -> tuple[str, ...]:
    """The modifiers that a parameter takes; target types apart."""
    if parameter.code in _ALWAYS_THERE | _EXPRESSIONS:
        return ()
    found = MODIFIERS.get(parameter.type, ())
    if parameter.type == "token" and not _reads(parameter, "Identifier"):
        return tuple(one for one in found if one != "of-type")
    return found if parameter.type != "reference" else (*_of_reference(parameter), *found)


def _of_reference(parameter: SearchParameter) -> tuple[str, ...]:
    if not HIERARCHIES.keys().isdisjoint(parameter.targets):
        return ("above", "below")
    return ("below",) if is_canonical(parameter) else ()


def is_canonical(parameter: SearchParameter) -> bool:
    """Whether what it refers to has a version in its address. https://hl7.org/fhir/R4/search.html#versions"""
    return _reads(parameter, "canonical")


@lru_cache(maxsize=4096)
def _reads(parameter: SearchParameter, kind: str) -> bool:
    """Whether there is an element of this type among those that it reads."""
    try:
        return any(path.type == kind for path in json_paths(parameter))
    except UnsupportedExpression:
        return False


def operators_of(parameter: SearchParameter) -> tuple[str, ...]:
    """The operators that a parameter takes within `_filter`; of words only that they are there."""
    if parameter.code in _EXPRESSIONS:
        return ("co",) if parameter.code in _WORDS else ()
    found = FILTER_OPERATORS.get(parameter.type, ())
    return tuple(one for one in found if one != "pr") if parameter.code in _ALWAYS_THERE else found


def takes(parameter: SearchParameter, modifier: str) -> bool:
    """Whether a parameter takes a modifier: one of its type's, or, a reference, a resource type."""
    if modifier in modifiers_of(parameter):
        return True
    return parameter.type == "reference" and modifier in get_catalogue().resource_type_set
