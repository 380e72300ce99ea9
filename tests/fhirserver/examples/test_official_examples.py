"""Official examples: the valid ones are stored and read back exactly, in JSON and in XML; the invalid ones are refused with the place."""

from pathlib import Path
from typing import Any

import pytest

from fhirserver.partitions import Partition
from fhirspec import json
from fhirspec.catalogue import get_catalogue
from fhirspec.xml import from_xml
from tests.fhirserver.client import Client
from tests.fhirserver.examples.official import (
    ALL_EXAMPLES,
    INVALID,
    all_examples,
    as_xml_tells,
    exactly,
    one_of_each_type,
)

AS_JSON = "application/fhir+json"
# Their first example says something that R4 cannot.
ONLY_R4B = {"Bundle", "CompartmentDefinition", "Evidence", "EvidenceVariable"}


def address_of(resource: dict[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource.get('id', 'nameless')}"


def comes_back(client: Client, example: bytes) -> list[str]:
    """What is lost of an example on its way through the store, as JSON and as XML."""
    resource = json.decode(example)
    address = address_of(resource)
    if "id" not in resource:
        example = json.encode({**resource, "id": "nameless"})
    sent = exactly(example)
    stored = client.put(address, example)
    if stored.status not in (200, 201):
        return [f"{address}: refused with {stored.status} {stored.body[:300]!r}"]
    # Asked for as anything, a Binary comes as its content alone.
    lost = (
        [] if exactly(client.get(address, accept=AS_JSON).body) == sent else [f"{address}: differs in JSON"]
    )
    as_xml = client.get(f"{address}?_format=xml").body
    narrated = as_xml_tells(sent)
    if as_xml_tells(exactly(json.encode(from_xml(as_xml)))) != narrated:
        lost.append(f"{address}: differs in XML")
    client.put(address, as_xml, content_type="application/fhir+xml")
    if as_xml_tells(exactly(client.get(address, accept=AS_JSON).body)) != narrated:
        lost.append(f"{address}: differs after coming as XML")
    return lost


def faults(client: Client, example: bytes) -> tuple[int, list[str]]:
    """The status and the places of the errors of an example that is sent to be created."""
    resource = json.decode(example)
    answered = client.put(address_of(resource), example)
    if answered.status == 400:
        answered = client.post(f"{resource['resourceType']}/$validate", example)
    issues = answered.json().get("issue", [])
    return answered.status, [place for one in issues for place in one.get("expression", ())]


def test_an_example_of_each_type_comes_back_exactly(partition: Partition) -> None:
    examples = {json.decode(one)["resourceType"]: one for one in one_of_each_type()}
    of_r4 = (set(examples) & get_catalogue().resource_type_set) - ONLY_R4B
    assert len(of_r4) == 122
    client = Client(partition)
    assert [lost for kind in sorted(of_r4) for lost in comes_back(client, examples[kind])] == []


def test_the_shared_examples_come_back_exactly(partition: Partition, shared_data: Path) -> None:
    client = Client(partition)
    examples = (shared_data / "one-per-type.ndjson").read_bytes().splitlines()
    assert len(examples) > 140
    assert [lost for one in examples for lost in comes_back(client, one)] == []


@pytest.mark.skipif(
    not ALL_EXAMPLES,
    reason="FIRESIDE_FHIR_EXAMPLES does not name the archive of hl7.fhir.r4.examples 4.0.1 (npm pack)",
)
def test_every_official_example_comes_back_or_is_refused_in_the_right_place(partition: Partition) -> None:
    client = Client(partition)
    seen: list[str] = []
    wrong: list[str] = []
    for example in all_examples():
        address = address_of(json.decode(example))
        seen.append(address)
        if address not in INVALID:
            wrong += comes_back(client, example)
            continue
        status, places = faults(client, example)
        if INVALID[address] not in places:
            wrong.append(f"{address}: {status} {places}")
    assert len(seen) == 5306
    assert set(INVALID) <= set(seen)
    assert wrong == []
