"""Date parameters: periods, precision and prefixes. https://hl7.org/fhir/R4/search.html#date"""

from datetime import UTC, datetime

from fhirserver.indexing.definitions import Reading
from fhirserver.instants import instant_range
from fhirserver.rows import param_code
from fhirserver.search.ast import Node, Span
from fhirserver.search.criteria.prefixes import prefixed
from fhirspec.definitions import SearchParameter


def date(resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str) -> Node:
    return span(param_code(resource_type, reading.code), found.code, value)


def span(param: int, name: str, value: str) -> Node:
    prefix, (low, high) = dated(name, value)
    return Span(param, prefix, low, high)


def dated(name: str, value: str) -> tuple[str, tuple[int, int]]:
    """Prefix and time; approximately takes in a tenth of the time between the date and now."""
    prefix, text = prefixed(value)
    low, high = instant_range(name, text)
    if prefix == "ap":
        slack = abs(int(datetime.now(UTC).timestamp() * 1_000_000) - low) // 10
        low, high = low - slack, high + slack
    return prefix, (low, high)
