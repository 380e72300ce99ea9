"""Which prefixes and modifiers each type of search parameter takes: the definitions do not say.

https://hl7.org/fhir/R4/search.html#modifiers, https://hl7.org/fhir/R4/search.html#prefix
"""

ORDERED = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")

COMPARATORS: dict[str, tuple[str, ...]] = {
    "number": ORDERED,
    "date": ORDERED,
    "quantity": ORDERED,
}

# A reference also takes each of its target types as a modifier (`subject:Patient`).
MODIFIERS: dict[str, tuple[str, ...]] = {
    "number": ("missing",),
    "date": ("missing",),
    "quantity": ("missing",),
    "string": ("missing", "exact", "contains", "text"),
    "token": ("missing", "text", "not", "above", "below", "in", "not-in", "of-type"),
    "reference": ("missing", "identifier", "above", "below", "text"),
    "uri": ("missing", "above", "below"),
    "composite": ("missing",),
    "special": (),
}
