"""The names of elements that hold addresses are those of the definitions."""

from fhirspec.addresses import ADDRESS_NAMES
from fhirspec.catalogue import get_catalogue

ADDRESSES = {"uri", "url"}


def test_the_names_are_those_that_the_definitions_give() -> None:
    catalogue = get_catalogue()
    definitions = [
        catalogue.type_definition(name) for name in (*catalogue.resource_types, *catalogue.data_types)
    ]
    found = {
        name
        for definition in definitions
        if definition.kind != "primitive-type"
        for element in definition.elements
        for name, kind in element.json_names()
        if kind.code in ADDRESSES
    }
    assert found | {"reference"} == ADDRESS_NAMES
