"""A patient's token reads what the record refers to, and nothing else that lies in no record. docs/adr/0020"""

import json
from typing import Any

import pytest

from tests.gateway.conftest import Caller
from tests.gateway.scoped import Bearer, held, observation, store


def to(reference: str) -> dict[str, str]:
    return {"reference": reference}


AROUND: list[dict[str, Any]] = [
    {"resourceType": "Organization", "id": "trust", "name": "Trust"},
    {"resourceType": "Organization", "id": "hospital", "name": "Hospital", "partOf": to("Organization/trust")},
    {"resourceType": "Practitioner", "id": "dr", "name": [{"family": "Who"}]},
    {"resourceType": "Practitioner", "id": "stranger", "name": [{"family": "Strange"}]},
    {"resourceType": "PractitionerRole", "id": "role", "practitioner": to("Practitioner/dr"), "organization": to("Organization/hospital")},
    {"resourceType": "Medication", "id": "pill", "code": {"text": "pill"}},
    {"resourceType": "MedicationRequest", "id": "order", "status": "active", "intent": "order", "subject": to("Patient/p1"),
     "medicationReference": to("Medication/pill")},
    {"resourceType": "Binary", "id": "data", "contentType": "text/plain"},
    {"resourceType": "DocumentReference", "id": "letter", "status": "current", "subject": to("Patient/p1"),
     "content": [{"attachment": {"url": "Binary/data"}}]},
    observation("p1", id="seen", performer=[to("PractitionerRole/role")]),
    observation("p2", id="unseen", performer=[to("Practitioner/stranger")]),
    # What leads out of the own record does not lead on.
    observation("p1", id="derived", derivedFrom=[to("Observation/unseen")]),
]  # fmt: skip
ALONG = {
    "Organization/trust",
    "Organization/hospital",
    "Practitioner/dr",
    "PractitionerRole/role",
    "Medication/pill",
}
CLOSED = {"Practitioner/stranger", "Binary/data", "Organization/org"}


@pytest.fixture(autouse=True)
def _stored(full: Caller) -> None:
    store(full)
    for resource in AROUND:
        answer: Any = full("PUT", f"{resource['resourceType']}/{resource['id']}", json.dumps(resource))
        assert answer.status_code == 201, answer.content


def status(caller: Caller, method: str, path: str, body: Any = None) -> int:
    answer: Any = caller(method, path, body)
    return int(answer.status_code)


def shown(caller: Caller, path: str) -> set[str]:
    answer: Any = caller("GET", path)
    content = answer.getvalue() if answer.streaming else answer.content
    assert answer.status_code == 200, content
    return {f"{one['resourceType']}/{one['id']}" for one in held(json.loads(content))}


def test_what_the_record_refers_to_is_read_and_nothing_else(bearer: Bearer) -> None:
    token, other = bearer("patient/*.rs"), bearer("patient/*.rs", fhir_user="Patient/p2", patient="p2")
    for path in ALONG:
        assert status(token, "GET", path) == status(token, "GET", f"{path}/_history/1") == 200, path
        assert status(other, "GET", path) == 403, path
    for path in CLOSED:
        assert status(token, "GET", path) == 403, path
    assert status(other, "GET", "Practitioner/stranger") == 200


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Practitioner", {"Practitioner/dr"}),
        ("Practitioner?name=strange", set()),
        ("Practitioner?_id=dr,stranger", {"Practitioner/dr"}),
        ("Organization?name=hospital", {"Organization/hospital"}),
        ("Practitioner/_history", {"Practitioner/dr"}),
        ("PractitionerRole?practitioner.family=who", {"PractitionerRole/role"}),
        ("Observation?performer:PractitionerRole.practitioner.family=who", {"Observation/seen"}),
        ("Observation?performer:Practitioner.family=strange", set()),
        ("Observation?_id=seen&_include=Observation:performer", {"Observation/seen", "PractitionerRole/role"}),
        ("MedicationRequest?_include=MedicationRequest:medication", {"MedicationRequest/order", "Medication/pill"}),
        ("Practitioner?_revinclude=Observation:performer", {"Practitioner/dr"}),
        ("?_type=Medication,Practitioner", {"Practitioner/dr", "Medication/pill"}),
    ],
)  # fmt: skip
def test_searches_hold_the_same(bearer: Bearer, path: str, expected: set[str]) -> None:
    assert shown(bearer("patient/*.rs"), path) == expected


def test_everything_holds_the_same(bearer: Bearer) -> None:
    found = shown(bearer("patient/*.rs"), "Patient/p1/$everything")
    assert {"Medication/pill", "PractitionerRole/role"} <= found
    assert not found & CLOSED


def test_the_scope_must_name_the_type_and_writes_stay_refused(bearer: Bearer) -> None:
    assert status(bearer("patient/Observation.rs"), "GET", "Practitioner/dr") == 403
    reads = bearer("patient/Practitioner.r patient/PractitionerRole.s")
    assert status(reads, "GET", "Practitioner/dr") == 200
    assert status(reads, "GET", "Practitioner") == 403
    assert status(reads, "GET", "PractitionerRole/role") == 403
    restricted = bearer("patient/Practitioner.rs?name=who")
    assert status(restricted, "GET", "Practitioner/dr") == 403
    everything = bearer("patient/*.cruds")
    for resource in AROUND[:6]:
        path = f"{resource['resourceType']}/{resource['id']}"
        assert status(everything, "PUT", path, json.dumps(resource)) == 403, path
        assert status(everything, "DELETE", path) == 403, path


def test_access_ends_with_the_last_reference(full: Caller, bearer: Bearer) -> None:
    token = bearer("patient/*.rs")
    assert status(full, "DELETE", "Observation/seen") == 204
    for path in ALONG - {"Medication/pill"}:
        assert status(token, "GET", path) == 403, path
    assert status(full, "DELETE", "Medication/pill") == 204
    assert status(token, "GET", "Medication/pill") == 403


def test_a_binary_is_read_by_whoever_may_read_its_security_context(full: Caller, bearer: Bearer) -> None:
    """https://hl7.org/fhir/R4/binary.html: what is named stands for the content, and nothing else lets a confined caller in."""
    contexts = {"own": "Patient/p1", "letter": "DocumentReference/letter", "other": "Patient/p2", "late": "Observation/late",
                "staff": "Practitioner/stranger", "itself": "Binary/own"}  # fmt: skip
    for name, reference in contexts.items():
        content = {"resourceType": "Binary", "id": name, "contentType": "text/plain", "data": "aGk="}
        content["securityContext"] = {"reference": reference}  # type: ignore[assignment]
        assert status(full, "PUT", f"Binary/{name}", json.dumps(content)) == 201
    token = bearer("patient/*.cruds")
    assert status(token, "PUT", "Observation/late", json.dumps(observation("p1", id="late"))) == 201
    read = {name: status(token, "GET", f"Binary/{name}") for name in contexts}
    assert read == {"own": 200, "letter": 200, "other": 403, "late": 403, "staff": 403, "itself": 403}
    answer: Any = token("GET", "Binary/own", accept="*/*")
    assert (answer.content, answer["X-Security-Context"]) == (b"hi", "Patient/p1")
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert status(token, "GET", "Binary/own/_history/1") == 200
    assert status(bearer("patient/Binary.r"), "GET", "Binary/own") == 403
    assert status(bearer("patient/Patient.r"), "GET", "Binary/own") == 403
    assert status(bearer("patient/Binary.r patient/Patient.r"), "GET", "Binary/own") == 200
    changed: Any = token("PUT", "Binary/own", b"new", content_type="text/plain")
    assert changed.status_code == 403
    assert status(token, "DELETE", "Binary/own") == 403
    assert shown(token, "Binary") == set()
