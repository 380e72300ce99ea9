"""Number parameters, with the precision that their digits imply. https://hl7.org/fhir/R4/search.html#number

"The number of significant digits of the implicit range is the number of digits specified, excluding leading zeros": `1e2` has one, so it
stands for 50 up to 150. R4's own example says one digit, too, and then gives 95 up to 105, the range of `1.0e2`; the rule counts, as in R5.
"""

import re
from decimal import Decimal

from fhirserver.indexing.definitions import Reading
from fhirserver.indexing.keys import NUMBER
from fhirserver.outcomes import BadRequest
from fhirserver.rows import param_code
from fhirserver.search.ast import Amount, Node
from fhirserver.search.criteria.prefixes import prefixed
from fhirspec.definitions import SearchParameter

# Of ASCII digits only: Decimal also reads other scripts, underscores, spaces, and what is not a number.
_FORM = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_MAX_EXPONENT = 300


def number(resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str) -> Node:
    return Amount(param_code(resource_type, reading.code), NUMBER, *numbered(found.code, value))


def numbered(name: str, value: str) -> tuple[str, float, float, float]:
    """Prefix, value, and the value with its implicit precision."""
    prefix, text = prefixed(value)
    # A `+` that the client did not encode arrives as a space.
    text = text.replace(" ", "+")
    if not _FORM.fullmatch(text):
        raise BadRequest(f"{name}={value} is not a number.")
    number = Decimal(text)
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or max(abs(exponent), abs(number.adjusted())) > _MAX_EXPONENT:
        raise BadRequest(f"{name}={value} is not a number that this server can compare.")
    half = Decimal(1).scaleb(exponent) / 2
    if prefix == "ap":
        half = abs(number) / 10
    return prefix, float(number), float(number - half), float(number + half)
