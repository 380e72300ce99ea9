"""Loads whose worker dies, or that run twice: each resource is stored once."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from deployments import (
    bundle_jobs,
    data_jobs,
    data_services,
    endpoint,
    job_runner,
    jobs,
    presets,
    provisioning,
    transfers,
)
from deployments.jobs import JobCancelled
from deployments.models import Deployment, Job, JobState, State
from fhirserver import bulk, engine
from fhirserver.connection import fetch
from fhirserver.http import FhirResponse
from fhirserver.partitions import Partition
from fhirserver.store import Store
from portal.models import User
from tests.deployments.loading import UNNAMED, Send, bundle_of, ndjson, run_newest, stored
from tests.fhirserver.client import Client as FhirClient

pytestmark = pytest.mark.django_db(databases=["default", "region_local"])


def test_an_import_goes_on_where_its_worker_was_killed(
    alices: Client, running: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_runner, "WRITE_PROGRESS_EVERY", 0)
    monkeypatch.setattr(bulk, "BATCH", 2)
    resources = [{"resourceType": "Patient", "id": f"p{number}"} for number in range(9)]
    batches: list[list[str]] = []
    real = bulk.store_batch

    def store_batch(store: Store, batch: list[dict[str, str]], *more: Any) -> None:
        batches.append([one["id"] for one in batch])
        if len(batches) == 3:
            raise SystemExit("killed")
        real(store, batch, *more)

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


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> presets.Preset:
    """A data set of nine patients, p0 to p8, in batches of two; its file is there."""
    settings.PRESETS_DIR = tmp_path
    monkeypatch.setattr(bulk, "BATCH", 2)
    preset = presets.Preset("tiny", "Nine", "", patients=1, resources=9)
    monkeypatch.setitem(presets._by_code, preset.code, preset)
    preset.path.write_bytes(ndjson(*({"resourceType": "Patient", "id": f"p{number}"} for number in range(9))))
    return preset


def begin(way: str, client: Client, deployment: Deployment, preset: presets.Preset, by: User) -> None:
    if way == "preset":
        data_services.load_preset(deployment, preset.code, by=by)
    elif way == "import":
        file = SimpleUploadedFile("patients.ndjson", preset.path.read_bytes())
        client.post(f"/deployments/{deployment.pk}/data/import/", {"file": file})
    else:
        Deployment.objects.filter(pk=deployment.pk).update(
            state=State.CREATING, preloaded_data=preset.code, partition=None
        )
        jobs.start(provisioning.CREATE, deployment, by)


@pytest.mark.parametrize("way", ["import", "preset", "create"])
def test_what_clients_changed_while_no_worker_was_there_is_left_as_it_is(
    alices: Client,
    alice: User,
    running: Deployment,
    tiny: presets.Preset,
    way: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin(way, alices, running, tiny, alice)
    monkeypatch.setattr(endpoint, "check_answers", lambda deployment: None)
    real, batches = bulk.store_batch, list[int]()

    def store_batch(*given: Any) -> None:
        real(*given)
        batches.append(1)
        if len(batches) == 3:
            # Committed, and noted nowhere else.
            raise SystemExit("killed")

    monkeypatch.setattr(bulk, "store_batch", store_batch)
    with pytest.raises(SystemExit):
        run_newest(running)
    running.refresh_from_db()
    assert stored(running) == {"Patient": 6}
    fhir = FhirClient(Partition("region_local", running.partition or 0))
    assert fhir.put("Patient/p5", {"resourceType": "Patient", "id": "p5", "active": True}).status == 200
    assert fhir.delete("Patient/p4").status == 204
    Job.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    job = run_newest(running)
    assert (job.state, job.error, len(batches)) == (JobState.DONE, "", 5)
    assert stored(running) == {"Patient": 8}
    assert fhir.get("Patient/p5").json()["active"] is True
    assert fhir.get("Patient/p4").status == 410
    assert fhir.get("_history").json()["total"] == 11
    assert fetch("region_local", "SELECT count(*) FROM fhir_answer") == [(0,)]
    load = next(step for step in job.steps if step["name"] == "load")
    assert (load["done"], load["total"]) == (9, 9)


def test_a_load_that_is_tried_again_after_all_data_was_cleared_begins_anew(
    alices: Client, alice: User, running: Deployment, tiny: presets.Preset, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin("preset", alices, running, tiny, alice)
    real = bulk.store_batch

    def store_batch(*given: Any) -> None:
        real(*given)
        if stored(running) == {"Patient": 4}:
            raise JobCancelled

    monkeypatch.setattr(bulk, "store_batch", store_batch)
    cancelled = run_newest(running)
    assert (cancelled.state, stored(running)) == (JobState.CANCELLED, {"Patient": 4})
    alices.post(f"/deployments/{running.pk}/data/clear/", {"clear-name": running.name})
    run_newest(running)
    assert stored(running) == {}
    monkeypatch.undo()
    monkeypatch.setitem(presets._by_code, tiny.code, tiny)
    jobs.retry(cancelled)
    job_runner.run(cancelled.pk)
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
