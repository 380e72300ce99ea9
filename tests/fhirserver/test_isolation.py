"""What only a neighbour stores is nowhere: not in a join, a condition, a code system, an export or a sum."""

from typing import Any

import pytest

from fhirserver import bulk
from fhirserver.access import FULL
from fhirserver.clearing import clear
from fhirserver.operations.export import Export, ExportRequest
from fhirserver.partitions import Partition, counts_by_type, reserve
from fhirspec import json
from tests.fhirserver.client import Client

CODES = "http://neighbour.example/codes"
ADA: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "ada",
    "name": [{"family": "Lovelace"}],
    "identifier": [{"system": "urn:mrn", "value": "1"}],
    "generalPractitioner": [{"reference": "Practitioner/doctor"}],
}
SEEN: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "seen",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]},
    "subject": {"reference": "Patient/ada"},
}
ELSEWHERE: list[dict[str, Any]] = [
    ADA,
    SEEN,
    {"resourceType": "Practitioner", "id": "doctor", "name": [{"family": "Who"}]},
    {"resourceType": "Person", "id": "ada", "link": [{"target": {"reference": "Patient/ada"}}]},
    {"resourceType": "Group", "id": "all", "type": "person", "actual": True,
     "member": [{"entity": {"reference": "Patient/ada"}}]},
    {"resourceType": "List", "id": "mine", "status": "current", "mode": "working",
     "entry": [{"item": {"reference": "Patient/ada"}}]},
    {"resourceType": "CodeSystem", "id": "codes", "url": CODES, "status": "active", "content": "complete",
     "concept": [{"code": "secret"}]},
    {"resourceType": "ValueSet", "id": "set", "url": f"{CODES}/set", "status": "active",
     "compose": {"include": [{"system": CODES}]}},
]  # fmt: skip


@pytest.fixture
def neighbour(partition: Partition) -> Partition:
    made = reserve(partition.region)
    bulk.load(made, json.decode(json.encode(ELSEWHERE)))  # type: ignore[arg-type]
    return made


@pytest.fixture
def alone(partition: Partition, neighbour: Partition) -> Client:
    """A client of the partition beside the neighbour's; it holds one patient without anything around her."""
    client = Client(partition)
    assert client.put("Patient/ada", ADA).status == 201
    return client


@pytest.mark.parametrize(
    "address",
    [
        "Observation",
        "Patient?_has:Observation:patient:code=8310-5",
        "Patient?_has:Observation:patient:_has:Provenance:target:recorded=ge2000",
        "Patient?general-practitioner.name=who",
        "Patient?general-practitioner:Practitioner.name=who",
        "Patient?_list=mine",
        "Patient/ada/Observation",
        "?_type=Observation,Person,Group",
        "Observation/_history",
    ],
)
def test_a_search_does_not_join_what_a_neighbour_stores(alone: Client, address: str) -> None:
    answered = alone.get(address)
    assert answered.status == 200
    assert "entry" not in answered.json()


@pytest.mark.parametrize(
    "address",
    [
        "Patient?_include=*",
        "Patient?_include=Patient:general-practitioner",
        "Patient?_revinclude=*",
        "Patient?_revinclude=Observation:subject",
        "Patient?_revinclude:iterate=Person:patient&_include:iterate=*",
        "Patient/ada/$everything",
        "Patient/ada/_history",
        "_history",
        "Patient/ada/*",
    ],
)
def test_nothing_of_a_neighbour_is_joined_to_an_answer(alone: Client, address: str) -> None:
    entries = alone.get(address).json()["entry"]
    assert [entry["resource"]["id"] for entry in entries] == ["ada"]


@pytest.mark.parametrize(
    "address",
    [
        "Observation/seen",
        "Observation/seen/_history",
        "Observation/seen/_history/1",
        "Person/ada/$everything",
        "Observation/seen/$meta",
        "ValueSet/set/$expand",
        f"ValueSet/$expand?url={CODES}/set",
        f"CodeSystem/$lookup?system={CODES}&code=secret",
        f"ValueSet/$validate-code?url={CODES}/set&code=secret",
        f"CodeSystem/$validate-code?url={CODES}&code=secret",
    ],
)
def test_what_a_neighbour_stores_is_not_found(alone: Client, address: str) -> None:
    assert alone.get(address).status == 404


def test_conditions_match_nothing_of_a_neighbour(alone: Client, neighbour: Partition) -> None:
    doctor = {"resourceType": "Practitioner", "name": [{"family": "Who"}]}
    assert alone.delete("Practitioner?name=who").status == 204
    assert alone.post("Practitioner", doctor, if_none_exist="name=who").status == 201
    assert alone.put("Observation?code=8310-5", {**SEEN, "id": "mine"}).status == 201
    assert (
        alone.request(
            "PATCH", "Person?link=Patient/ada", [], content_type="application/json-patch+json"
        ).status
        == 404
    )
    entry = {
        "resource": {**SEEN, "id": "other", "subject": {"reference": "Group?type=person"}},
        "request": {"method": "PUT", "url": "Observation/other"},
    }
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    assert alone.post("", bundle).status == 412
    assert Client(neighbour).get("Practitioner/doctor").headers["ETag"] == 'W/"1"'


def test_an_export_holds_its_own_partition_only(alone: Client) -> None:
    for level in ("system", "patient"):
        export = Export(alone.partition, FULL, ExportRequest(level=level, since=0))
        assert export.types() == ["Patient"]
        found = {name: len(list(export.lines(name))) for name in ("Patient", "Observation", "Practitioner")}
        assert found == {"Patient": 1, "Observation": 0, "Practitioner": 0}
        assert not list(export.deletions())


def test_a_batch_and_a_transaction_stay_at_home(alone: Client, neighbour: Partition) -> None:
    asked = [
        {"request": {"method": "GET", "url": "Observation/seen"}},
        {"request": {"method": "DELETE", "url": "Observation/seen"}},
        {"request": {"method": "PUT", "url": "Observation/seen"}, "resource": SEEN},
    ]
    answered = alone.post("", {"resourceType": "Bundle", "type": "batch", "entry": asked}).json()["entry"]
    assert [one["response"]["status"][:3] for one in answered] == ["404", "204", "201"]
    again = alone.post("", {"resourceType": "Bundle", "type": "transaction", "entry": asked[1:2]})
    assert again.status == 200
    assert Client(neighbour).get("Observation/seen").headers["ETag"] == 'W/"1"'


def test_clearing_a_partition_leaves_its_neighbour_whole(alone: Client, neighbour: Partition) -> None:
    before = counts_by_type(neighbour)
    clear(alone.partition)
    assert counts_by_type(alone.partition) == {}
    assert counts_by_type(neighbour) == before
    assert Client(neighbour).get("Patient?name=lovelace").json()["total"] == 1
