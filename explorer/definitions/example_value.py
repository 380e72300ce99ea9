"""A value that a search parameter can be tried with: what its field shows while it is empty.

https://hl7.org/fhir/R4/search.html
"""

from explorer.definitions.codes import list_codes
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import Element, SearchParameter

_BY_TYPE = {
    "date": "2024-05-01",
    "number": "5.4",
    "string": "example",
    "token": "example",
    "uri": "http://example.org/uri",
}
_BY_CODE = {
    "_content": "fever",
    "_filter": "_lastUpdated ge 2024-01-01",
    "_list": "example",
    "_text": "fever",
    "address-city": "Boston",
    "address-country": "US",
    "address-postalcode": "02115",
    "email": "eve@example.org",
    "family": "Everyman",
    "given": "Eve",
    "name": "Eve",
    "near": "42.36|-71.06|5|km",
    "phone": "555-0100",
    "probability": "0.8",
    "title": "Blood pressure",
}
_QUANTITY = "5.4|http://unitsofmeasure.org|mg"
_MONEY = "120|urn:iso:std:iso:4217|EUR"


def example_value(parameter: SearchParameter, resource_type: str) -> str:
    """One value as it is written in a query, without prefix; composites join those of their parts."""
    if parameter.type == "composite":
        return "$".join(_parts(parameter, resource_type))
    if parameter.code in _BY_CODE:
        return _BY_CODE[parameter.code]
    if parameter.type == "reference":
        target = "Patient" if "Patient" in parameter.targets else next(iter(parameter.targets), "Patient")
        return f"{target}/example"
    element = read_element(parameter, resource_type)
    kind = element.types[0].code if element and element.types else ""
    if parameter.type == "quantity":
        return _MONEY if kind == "Money" else _QUANTITY
    if parameter.type == "token" and element:
        return _token(element, kind)
    return _BY_TYPE.get(parameter.type, "example")


def plain_example(code: str, kind: str) -> str:
    """One value for a parameter of which only the name and the type are known."""
    return _BY_CODE.get(code) or {"reference": "Patient/example", "quantity": _QUANTITY, **_BY_TYPE}.get(
        kind, "example"
    )


def read_element(parameter: SearchParameter, resource_type: str) -> Element | None:
    """The element that a parameter reads, where its expression is a plain path into the type itself."""
    return get_catalogue().type_definition(resource_type).element(parameter.expression.strip("() "))


def _token(element: Element, kind: str) -> str:
    if kind == "boolean":
        return "true"
    if kind == "Identifier":
        return "http://example.org/ids|12345"
    listed = list_codes(element.value_set) if element.value_set else None
    if listed is None or not listed.codes:
        return "example"
    first = listed.codes[0]
    return first.code if kind == "code" else f"{first.system}|{first.code}"


def _parts(composite: SearchParameter, resource_type: str) -> list[str]:
    by_url = {each.url: each for each in get_catalogue().search_parameters(resource_type).values()}
    known = (by_url.get(part.definition) for part in composite.components)
    return [example_value(each, resource_type) if each else "example" for each in known]
