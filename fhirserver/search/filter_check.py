"""What is wrong with a `_filter` expression, told without a search. https://hl7.org/fhir/R4/search_filter.html"""

import re
from dataclasses import dataclass

from fhirserver.guides.memory import guides_of
from fhirserver.outcomes import FhirError
from fhirserver.partitions import Partition
from fhirserver.search.ast import EVERYTHING
from fhirserver.search.criteria.filter import filtered
from fhirserver.search.filter_syntax import parse_filter
from fhirserver.search.scope import Scope

_PLACE = re.compile(r", at character (\d+)\.$")


@dataclass(frozen=True)
class FilterFault:
    """`place`: the character at fault, from 1; 0 when the fault is of the whole."""

    message: str
    place: int


def check_filter(resource_type: str, text: str, partition: Partition | None) -> FilterFault | None:
    """None for an expression that can be searched. Without a partition only its syntax is read."""
    try:
        parse_filter(text)
        if partition is not None:
            filtered(resource_type, text, Scope(lambda _: EVERYTHING, guides_of(partition)))
    except FhirError as error:
        found = _PLACE.search(error.diagnostics)
        return FilterFault(error.diagnostics.removeprefix("_filter: "), int(found[1]) if found else 0)
    return None
