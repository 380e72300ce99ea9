"""Number parameters, with the precision that their digits imply. https://hl7.org/fhir/R4/search.html#number"""

from decimal import Decimal, InvalidOperation

from fhirserver.indexing.definitions import Reading
from fhirserver.indexing.keys import NUMBER
from fhirserver.outcomes import BadRequest
from fhirserver.rows import param_code
from fhirserver.search.ast import Amount, Node
from fhirserver.search.criteria.prefixes import prefixed
from fhirspec.definitions import SearchParameter


def number(resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str) -> Node:
    return Amount(param_code(resource_type, reading.code), NUMBER, *numbered(found.code, value))


def numbered(name: str, value: str) -> tuple[str, float, float, float]:
    """Prefix, value, and the value with its implicit precision."""
    prefix, text = prefixed(value)
    try:
        number = Decimal(text)
        exponent = number.as_tuple().exponent
    except InvalidOperation:
        raise BadRequest(f"{name}={value} is not a number.") from None
    if not isinstance(exponent, int) or abs(exponent) > 300:
        raise BadRequest(f"{name}={value} is not a number.")
    half = Decimal(1).scaleb(exponent) / 2
    if prefix == "ap":
        half = abs(number) / 10
    return prefix, float(number), float(number - half), float(number + half)
