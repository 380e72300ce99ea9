"""Scopes at the door: bundles, moves between records, and what a refusal names."""

import json

import pytest

from tests.gateway.conftest import Caller
from tests.gateway.scoped import Bearer, observation, store


@pytest.fixture
def stored(full: Caller) -> None:
    store(full)


def test_a_resource_cannot_be_moved_into_or_out_of_the_compartment(stored: None, bearer: Bearer) -> None:
    caller = bearer("patient/*.cruds")
    moved_out = observation("p2", id="o1")
    moved_in = observation("p1", id="o3")
    assert caller("PUT", "Observation/o1", json.dumps(moved_out)).status_code == 403
    assert caller("PUT", "Observation/o3", json.dumps(moved_in)).status_code == 403


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_entries_of_a_bundle_are_confined_like_requests(
    kind: str, stored: None, bearer: Bearer, full: Caller
) -> None:
    entries = [
        {"request": {"method": "GET", "url": "Observation/o1"}},
        {"request": {"method": "GET", "url": "Observation/o3"}},
        {"request": {"method": "POST", "url": "Observation"}, "resource": observation("p2")},
        {"request": {"method": "DELETE", "url": "Patient/p2"}},
    ]
    bundle = {"resourceType": "Bundle", "type": kind, "entry": entries}
    answer = bearer("patient/*.cruds")("POST", "", json.dumps(bundle))
    if kind == "transaction":
        assert answer.status_code == 403
    else:
        statuses = [entry["response"]["status"][:3] for entry in json.loads(answer.content)["entry"]]
        assert statuses == ["200", "403", "403", "403"]
    assert full("GET", "Patient/p2").status_code == 200


def test_a_missing_scope_is_named_in_the_answer(stored: None, bearer: Bearer) -> None:
    refused = bearer("patient/Patient.r")("GET", "Observation/o1")
    assert refused.status_code == 403
    assert 'error="insufficient_scope"' in refused["WWW-Authenticate"]
    assert 'scope="patient/Observation.r"' in refused["WWW-Authenticate"]
    # What is another patient's, no patient/ scope can reach.
    refused = bearer("patient/*.cruds")("GET", "Observation/o3")
    assert 'scope="user/Observation.r"' in refused["WWW-Authenticate"]
    refused = bearer("patient/Observation.rs?category=laboratory")("GET", "Observation/o1")
    assert 'scope="patient/Observation.r"' in refused["WWW-Authenticate"]
    entry = {"request": {"method": "DELETE", "url": "Observation/o1"}}
    bundle = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    refused = bearer("patient/*.rs")("POST", "", bundle)
    assert 'scope="patient/Observation.d"' in refused["WWW-Authenticate"]
    refused = bearer("system/Patient.r", fhir_user="", patient="")(
        "POST", "Observation", json.dumps(observation("p1"))
    )
    assert 'scope="system/Observation.c"' in refused["WWW-Authenticate"]
