"""Loads whose worker dies, or that run twice: each resource is stored once."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from deployments import bundle_jobs, data_jobs, job_runner, transfers
from deployments.models import Deployment, Job, JobState
from fhirserver import bulk, engine
from fhirserver.connection import fetch
from fhirserver.http import FhirResponse
from fhirserver.store import Store
from tests.deployments.loading import UNNAMED, Send, bundle_of, ndjson, run_newest, stored

pytestmark = pytest.mark.django_db(databases=["default", "region_local"])


def test_an_import_goes_on_where_its_worker_was_killed(
    alices: Client, running: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_runner, "WRITE_PROGRESS_EVERY", 0)
    monkeypatch.setattr(bulk, "BATCH", 2)
    resources = [{"resourceType": "Patient", "id": f"p{number}"} for number in range(9)]
    batches: list[list[str]] = []
    real = bulk.store_batch

    def store_batch(store: Store, batch: list[dict[str, str]]) -> None:
        batches.append([one["id"] for one in batch])
        if len(batches) == 3:
            raise SystemExit("killed")
        real(store, batch)

    monkeypatch.setattr(bulk, "store_batch", store_batch)
    file = SimpleUploadedFile("patients.ndjson", ndjson(*resources))
    alices.post(f"/deployments/{running.pk}/data/import/", {"file": file})
    with pytest.raises(SystemExit):
        run_newest(running)
    assert stored(running) == {"Patient": 4}
    Job.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    job = run_newest(running)
    assert (job.state, job.result["loaded"]) == (JobState.DONE, 9)
    assert batches == [["p0", "p1"], ["p2", "p3"], ["p4", "p5"], ["p4", "p5"], ["p6", "p7"], ["p8"]]
    assert stored(running) == {"Patient": 9}


def test_an_import_that_runs_twice_stores_each_resource_once(send: Send, running: Deployment) -> None:
    job = send(ndjson(UNNAMED, UNNAMED))
    assert stored(running) == {"Patient": 2}
    upload = job.arguments["upload"]
    (transfers.directory_of(running) / upload).write_bytes(ndjson(UNNAMED, UNNAMED))
    Job.objects.update(state=JobState.QUEUED, steps=[{**step, "state": "QUEUED"} for step in job.steps])
    assert run_newest(running).state == JobState.DONE
    assert stored(running) == {"Patient": 2}


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_a_bundle_whose_worker_dies_after_it_was_carried_out_is_not_carried_out_again(
    send: Send, running: Deployment, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = {"resource": UNNAMED, "request": {"method": "POST", "url": "Patient"}}
    bad = {"request": {"method": "GET", "url": "Patient/none"}}
    entries = [entry, entry, *([bad] if kind == "batch" else [])]
    write = transfers.ErrorFile
    died: list[int] = []

    class Dying(BaseException):
        """As a killed process: nothing of the job's own is told of it."""

    def die(job: Job) -> transfers.ErrorFile:
        # Everything is committed to the region's store, nothing is noted of it yet.
        if not died and stored(running):
            died.append(1)
            raise Dying
        return write(job)

    for module in (data_jobs, bundle_jobs):
        monkeypatch.setattr(module, "ErrorFile", die)
    with pytest.raises(Dying):
        send(json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}).encode())
    assert (died, stored(running)) == ([1], {"Patient": 2})
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    job = run_newest(running)
    assert (job.state, job.error) == (JobState.DONE, "")
    assert stored(running) == {"Patient": 2}
    assert (job.result["loaded"], job.result["errors"]) == (2, 1 if kind == "batch" else 0)
    assert fetch("region_local", "SELECT count(*) FROM fhir_answer") == [(0,)]


def test_a_batch_whose_worker_dies_between_two_pieces_goes_on_with_the_next(
    send: Send, running: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries: list[dict[str, object]] = [
        {"resource": UNNAMED, "request": {"method": "POST", "url": "Patient"}} for _ in range(120)
    ]
    respond = engine.respond

    class Dying(BaseException):
        """As a killed process."""

    def die(*given: Any) -> FhirResponse:
        if stored(running):
            raise Dying
        return respond(*given)

    monkeypatch.setattr(engine, "respond", die)
    with pytest.raises(Dying):
        send(bundle_of("batch", entries))
    assert stored(running) == {"Patient": bundle_jobs.PIECE}
    monkeypatch.undo()
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    job = run_newest(running)
    assert (job.state, job.result["loaded"]) == (JobState.DONE, 120)
    assert stored(running) == {"Patient": 120}
    assert fetch("region_local", "SELECT count(*) FROM fhir_answer") == [(0,)]
