"""Which prefixes and modifiers each type of search parameter takes: the definitions do not say.

https://hl7.org/fhir/R4/search.html#modifiers, https://hl7.org/fhir/R4/search.html#prefix
"""

from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import SearchParameter

ORDERED = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")

COMPARATORS: dict[str, tuple[str, ...]] = {
    "number": ORDERED,
    "date": ORDERED,
    "quantity": ORDERED,
}

# Those that the engine answers, and no others. A reference also takes each of its target types (`subject:Patient`).
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

# What every resource has is neither missing nor anything but itself.
_ALWAYS_THERE = frozenset({"_id", "_lastUpdated"})
_EXPRESSIONS = frozenset({"_text", "_content", "_filter"})
"""Values with a grammar of their own, which says it all."""


def modifiers_of(parameter: SearchParameter) -> tuple[str, ...]:
    """The modifiers that a parameter takes; target types apart."""
    return () if parameter.code in _ALWAYS_THERE | _EXPRESSIONS else MODIFIERS.get(parameter.type, ())


def operators_of(parameter: SearchParameter) -> tuple[str, ...]:
    """The operators that a parameter takes within `_filter`; none for what has a grammar of its own."""
    if parameter.code in _EXPRESSIONS:
        return ()
    found = FILTER_OPERATORS.get(parameter.type, ())
    return tuple(one for one in found if one != "pr") if parameter.code in _ALWAYS_THERE else found


def takes(parameter: SearchParameter, modifier: str) -> bool:
    """Whether a parameter takes a modifier: one of its type's, or, a reference, a resource type."""
    if modifier in modifiers_of(parameter):
        return True
    return parameter.type == "reference" and modifier in get_catalogue().resource_type_set
