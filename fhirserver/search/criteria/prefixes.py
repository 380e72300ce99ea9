"""The comparison that leads a number, date or quantity. https://hl7.org/fhir/R4/search.html#prefix"""

_PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")


def prefixed(value: str) -> tuple[str, str]:
    return (value[:2], value[2:]) if value[:2] in _PREFIXES else ("eq", value)
