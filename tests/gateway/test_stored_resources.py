"""The size's number of stored resources holds for every single write."""

import dataclasses
import json

import pytest

from deployments import sizes
from deployments.models import Deployment
from gateway.endpoints import endpoints
from gateway.room import stored_resources
from tests.gateway.conftest import Caller

PATIENT = {"resourceType": "Patient", "gender": "female"}


@pytest.fixture
def small(full: Caller, deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Caller:
    """A deployment of a size that has room for three resources."""
    size = dataclasses.replace(sizes.get_size(deployment.size), stored_resources=3)
    monkeypatch.setitem(sizes._by_code, deployment.size, size)
    endpoints.forget_all()
    stored_resources.forget_all()
    return full


def _create(caller: Caller) -> int:
    return caller("POST", "Patient", json.dumps(PATIENT)).status_code


def _bundle(kind: str, count: int) -> str:
    entry = {"resource": PATIENT, "request": {"method": "POST", "url": "Patient"}}
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": [entry] * count})


def test_what_does_not_fit_is_refused_and_what_is_stored_can_be_changed(small: Caller) -> None:
    named = json.dumps({**PATIENT, "id": "a"})
    assert small("PUT", "Patient/a", named).status_code == 201
    assert [_create(small) for _ in range(3)] == [201, 201, 507]
    refused = small("POST", "Patient", json.dumps(PATIENT))
    assert json.loads(refused.content)["issue"][0]["code"] == "too-costly"
    assert small("PUT", "Patient/b", json.dumps({**PATIENT, "id": "b"})).status_code == 507
    assert small("PUT", "Patient/a", named).status_code == 200
    assert small("GET", "Patient/a").status_code == 200


def test_a_transaction_fits_whole_or_not_at_all(small: Caller) -> None:
    assert small("POST", "", _bundle("transaction", 4)).status_code == 507
    assert json.loads(small("GET", "Patient").content)["total"] == 0
    assert small("POST", "", _bundle("transaction", 3)).status_code == 200
    answered = json.loads(small("POST", "", _bundle("batch", 1)).content)
    assert answered["entry"][0]["response"]["status"] == "507 Insufficient Storage"


def test_room_that_was_made_can_be_used(small: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.room.FULL_COUNT_SECONDS", 0.0)
    assert small("PUT", "Patient/a", json.dumps({**PATIENT, "id": "a"})).status_code == 201
    assert [_create(small) for _ in range(3)] == [201, 201, 507]
    assert small("DELETE", "Patient/a").status_code == 204
    assert [_create(small) for _ in range(2)] == [201, 507]
