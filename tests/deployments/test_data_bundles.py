"""Bundles in files: what they hold is loaded, a transaction is carried out."""

import json
from typing import Any

import pytest

from deployments import bundle_jobs, transfers
from deployments.models import Deployment, JobState
from fhirserver import engine
from fhirserver.connection import fetch
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.interactions import batch
from tests.deployments.loading import BAD, PATIENT, UNNAMED, Send, bundle_of, puts, stored

pytestmark = pytest.mark.django_db(databases=["default", "region_local"])


def test_a_collection_bundle_gives_its_resources(send: Send, running: Deployment) -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": PATIENT}, {"resource": UNNAMED}],
    }
    assert send(json.dumps(bundle, indent=2).encode()).state == JobState.DONE
    assert stored(running) == {"Patient": 2}


@pytest.mark.parametrize("kind", ["collection", "transaction", "batch"])
@pytest.mark.parametrize("more", [{}, {"entry": []}], ids=["no entry", "empty entry"])
def test_a_bundle_of_nothing_is_said_to_hold_nothing(kind: str, more: Any, send: Send) -> None:
    job = send(json.dumps({"resourceType": "Bundle", "type": kind, **more}).encode())
    assert job.state == JobState.DONE
    assert "holds no resource: there is nothing to load" in job.steps[0]["detail"]


def test_a_batch_is_not_said_to_be_checked_before(send: Send) -> None:
    entry = {"resource": UNNAMED, "request": {"method": "POST", "url": "Patient"}}
    job = send(json.dumps({"resourceType": "Bundle", "type": "batch", "entry": [entry]}).encode())
    assert "checked when it is carried out" in job.steps[0]["detail"]


def test_a_transaction_is_executed_as_a_whole(send: Send, running: Deployment) -> None:
    entries = [
        {
            "fullUrl": "urn:uuid:9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d",
            "resource": UNNAMED,
            "request": {"method": "POST", "url": "Patient"},
        },
        {
            "resource": {
                "resourceType": "Observation",
                "status": "final",
                "code": {"text": "weight"},
                "subject": {"reference": "urn:uuid:9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"},
            },
            "request": {"method": "POST", "url": "Observation"},
        },
    ]
    job = send(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode())
    assert (job.state, job.error) == (JobState.DONE, "")
    assert stored(running) == {"Observation": 1, "Patient": 1}


def test_a_refused_bundle_leaves_nothing_and_may_be_sent_again(send: Send, running: Deployment) -> None:
    entry = {"resource": UNNAMED, "request": {"method": "POST", "url": "Patient"}}
    unmet = {"resource": PATIENT, "request": {"method": "PUT", "url": "Patient/ada", "ifMatch": 'W/"7"'}}
    job = send(
        json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry, unmet]}).encode()
    )
    assert job.state == JobState.FAILED
    assert stored(running) == {}
    assert fetch("region_local", "SELECT count(*) FROM fhir_answer") == [(0,)]
    sent = send(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry]}).encode())
    assert (sent.state, stored(running)) == (JobState.DONE, {"Patient": 1})


@pytest.mark.parametrize(("kind", "writes"), [("batch", 3), ("transaction", 1)])
def test_a_batch_is_written_in_pieces_and_a_transaction_in_one(
    send: Send, running: Deployment, kind: str, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces: list[int] = []
    respond = engine.respond

    def counted(request: FhirRequest, *given: Any) -> FhirResponse:
        pieces.append(len(json.loads(request.body)["entry"]))
        return respond(request, *given)

    monkeypatch.setattr(engine, "respond", counted)
    job = send(bundle_of(kind, puts(2 * bundle_jobs.PIECE + 1)))
    assert (job.state, job.error) == (JobState.DONE, "")
    assert (len(pieces), sum(pieces)) == (writes, 2 * bundle_jobs.PIECE + 1)
    assert stored(running) == {"Patient": 2 * bundle_jobs.PIECE + 1}
    assert job.result["loaded"] == 2 * bundle_jobs.PIECE + 1


def test_a_batch_may_have_more_entries_than_a_request_and_names_the_bad_ones(
    send: Send, running: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MAX_BUNDLE_ENTRIES", 55)
    entries = puts(60)
    entries[7]["resource"] = {**BAD, "id": "p7"}
    entries[55]["request"] = {"method": "BOIL", "url": "Patient"}
    job = send(bundle_of("batch", entries))
    assert (job.state, job.error) == (JobState.DONE, "")
    errors = (transfers.job_directory(job) / "errors.ndjson").read_bytes().splitlines()
    assert [json.loads(one)["line"] for one in errors] == [8, 56]
    assert (job.result["loaded"], job.result["errors"]) == (len(entries) - 2, 2)
    assert stored(running) == {"Patient": 58}
