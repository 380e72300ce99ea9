"""One value of a parameter, by the parameter's type. https://hl7.org/fhir/R4/search.html#ptypes"""

from collections.abc import Callable

from fhirserver.indexing.definitions import Reading, readings
from fhirserver.search.ast import Node, any_of
from fhirserver.search.criteria.date import date
from fhirserver.search.criteria.number import number
from fhirserver.search.criteria.quantity import quantity
from fhirserver.search.criteria.reference import reference
from fhirserver.search.criteria.string import string
from fhirserver.search.criteria.token import token
from fhirserver.search.criteria.uri import uri
from fhirspec.definitions import SearchParameter

_BY_TYPE: dict[str, Callable[[str, SearchParameter, Reading, str, str], Node]] = {
    "token": token,
    "date": date,
    "number": number,
    "quantity": quantity,
    "uri": uri,
    "reference": reference,
}


def by_type(resource_type: str, found: SearchParameter, modifier: str, value: str) -> Node:
    """Of every type but composite and special."""
    if found.type == "string":
        return string(resource_type, found, modifier, value)
    make = _BY_TYPE[found.type]
    return any_of(
        [make(resource_type, found, one, modifier, value) for one in readings(resource_type, found.code)]
    )
