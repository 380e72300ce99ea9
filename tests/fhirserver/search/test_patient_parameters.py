"""`patient` reads what `subject` reads, and means patients only: whichever way it is asked, from either end.

https://hl7.org/fhir/R4/search.html#reference
"""

from typing import Any

import pytest

from tests.fhirserver.client import Client


def observation(logical_id: str, subject: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": logical_id,
        "status": "final",
        "code": {"coding": [{"code": "x"}]},
        "subject": {"reference": subject},
    }


RESOURCES: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "one", "name": [{"family": "One"}]},
    {"resourceType": "Device", "id": "one", "type": {"coding": [{"code": "t"}]}},
    {"resourceType": "Group", "id": "one", "type": "person", "actual": True, "code": {"coding": [{"code": "g"}]}},
    observation("p", "Patient/one"),
    observation("d", "Device/one"),
    observation("g", "Group/one"),
]  # fmt: skip
FOUND = {
    "Patient?_has:Observation:patient:code=x": "Patient/one",
    "Device?_has:Observation:patient:code=x": "",
    "Device?_has:Observation:subject:code=x": "Device/one",
    "Group?_has:Observation:patient:code=x": "",
    "?_has:Observation:patient:code=x": "Patient/one",
    "?_has:Observation:subject:code=x": "Device/one Group/one Patient/one",
    "?_type=Device&_has:Observation:patient:_id=d": "",
    "Device?_filter=_has:Observation:patient:code eq x": "",
    "Device?_filter=_has:Observation:subject:code eq x": "Device/one",
    "Observation?patient:Patient=one": "Observation/p",
    "Observation?patient:Device=one": "",
    "Observation?patient:Group=one": "",
    "Observation?subject:Device=one": "Observation/d",
    "Observation?patient:Group=Group/one": "",
    "Observation?subject:Group.code=g": "Observation/g",
    "Observation?patient.name=one": "Observation/p",
}
JOINED = {
    "Patient?_revinclude=Observation:patient": "Observation/p",
    "Device?_revinclude=Observation:patient": "",
    "Device?_revinclude=Observation:patient:Device": "",
    "Device?_revinclude=Observation:subject": "Observation/d",
    "Device?_revinclude=Observation:subject:Device": "Observation/d",
    "Device?_revinclude=Observation:subject:Patient": "",
    "Device?_revinclude=Observation:*": "Observation/d",
    "Device?_revinclude=*": "Observation/d",
    "Observation?_include=Observation:patient": "Patient/one",
    "Observation?_include=Observation:patient:Patient": "Patient/one",
    "Observation?_include=Observation:patient:Device": "",
    "Observation?_include=Observation:subject:Device": "Device/one",
    "Observation?_include=Observation:subject": "Device/one Group/one Patient/one",
    "Observation?_include=*": "Device/one Group/one Patient/one",
    "Device?_revinclude=Observation:subject&_include:iterate=Observation:patient": "Observation/d",
}


@pytest.fixture
def loaded(client: Client) -> Client:
    for one in RESOURCES:
        assert client.put(f"{one['resourceType']}/{one['id']}", one).status == 201
    return client


def entries(client: Client, query: str, mode: str) -> str:
    answered = client.get(query)
    assert answered.status == 200, answered.body
    found = [one for one in answered.json().get("entry", []) if one["search"]["mode"] == mode]
    return " ".join(sorted(f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in found))


def test_a_search_by_patient_finds_no_other_subject(loaded: Client) -> None:
    assert {query: entries(loaded, query, "match") for query in FOUND} == FOUND


def test_no_other_subject_joins_by_patient(loaded: Client) -> None:
    assert {query: entries(loaded, query, "include") for query in JOINED} == JOINED


def test_a_chain_by_patient_leads_to_patients_only(loaded: Client) -> None:
    refused = loaded.get("Observation?patient:Device.type=t", prefer="handling=strict")
    assert (refused.status, "leads to no type" in refused.json()["issue"][0]["diagnostics"]) == (400, True)
