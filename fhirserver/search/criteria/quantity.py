"""Quantity parameters: numbers with units, in UCUM's base units. https://hl7.org/fhir/R4/search.html#quantity"""

from decimal import Decimal

from fhirserver.indexing.definitions import Reading
from fhirserver.indexing.keys import NUMBER, unit_key
from fhirserver.indexing.ucum import UCUM, canonical
from fhirserver.outcomes import BadRequest
from fhirserver.rows import param_code
from fhirserver.search.ast import Amount, Node
from fhirserver.search.criteria.number import numbered
from fhirserver.search.parse import split, unescaped
from fhirspec.definitions import SearchParameter


def quantity(resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str) -> Node:
    unit, numbers = amount(found.code, value)
    return Amount(param_code(resource_type, reading.code), unit, *numbers)


def amount(name: str, value: str) -> tuple[int, tuple[str, float, float, float]]:
    parts = [unescaped(part) for part in split(value, "|")]
    if len(parts) not in (1, 2, 3):
        raise BadRequest(f"{name}={value} is not of the form number|system|code.")
    numbers = numbered(name, parts[0])
    system, code = (*parts[1:], "", "")[:2]
    if not system:
        return (unit_key("code", code) if code else NUMBER), numbers
    if not code:
        return unit_key("system", system), numbers
    base = canonical(code) if system == UCUM else None
    if base is None:
        return unit_key("system|code", system, code), numbers
    prefix = numbers[0]
    exact, low, high = (float(Decimal(repr(number)) * base.factor) for number in numbers[1:])
    return unit_key("ucum", base.unit), (prefix, exact, low, high)
