"""Every example that a page offers is valid R4."""

import pytest

from explorer.definitions.examples import example_text, example_titles
from fhirspec import json
from fhirspec.catalogue import get_catalogue
from fhirspec.validation import validate


def test_every_resource_type_has_an_example_and_every_example_is_valid() -> None:
    for resource_type in get_catalogue().resource_types:
        titles = example_titles(resource_type)
        assert titles
        for title in titles:
            example = json.decode(example_text(resource_type, title.key).encode())
            assert [one for one in validate(example, resource_type) if one.is_error] == [], resource_type


@pytest.mark.parametrize(
    "resource_type", ["CapabilityStatement", "StructureDefinition", "ImplementationGuide"]
)
def test_examples_name_the_version_of_fhir_that_is_served(resource_type: str) -> None:
    example = json.decode(example_text(resource_type, "").encode())
    assert example["fhirVersion"] in ("4.0.1", ["4.0.1"])
