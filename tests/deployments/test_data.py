"""The Data tab: presets, uploads that are checked first, export, clear. The jobs run as a worker would run them."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from deployments import bundle_jobs, data_jobs, import_files, job_runner, transfers
from deployments.models import Deployment, Job, JobState, Region, State
from deployments.sizes import SMALLEST
from fhirserver import bulk, engine, partitions
from fhirserver.connection import fetch
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.interactions import batch
from fhirserver.store import Store
from portal.models import Membership, Role, Tenant, User

pytestmark = pytest.mark.django_db(databases=["default", "region_local"])

PATIENT = {"resourceType": "Patient", "id": "ada", "gender": "female"}
UNNAMED = {"resourceType": "Patient", "gender": "male"}
BAD = {"resourceType": "Patient", "gender": "robot", "birthDate": "yesterday"}

Send = Callable[..., Job]


@pytest.fixture
def running(tenant: Tenant, settings: Settings, tmp_path: Path) -> Deployment:
    settings.TRANSFER_DIR = tmp_path
    region = Region.objects.get(name="local")
    return Deployment.objects.create(
        tenant=tenant,
        name="Ward 7",
        region=region,
        size="xs",
        state=State.RUNNING,
        partition=partitions.reserve(region.database).number,
    )


@pytest.fixture
def alices(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def _stored(deployment: Deployment) -> dict[str, int]:
    assert deployment.partition is not None
    return partitions.counts_by_type(partitions.Partition("region_local", deployment.partition))


def _run(deployment: Deployment) -> Job:
    job = deployment.jobs.first()
    assert job is not None
    job_runner.run(job.pk)
    job.refresh_from_db()
    return job


@pytest.fixture
def send(alices: Client, running: Deployment) -> Send:
    """Upload a file's bytes and let the job run."""

    def sending(content: bytes, **fields: str) -> Job:
        file = SimpleUploadedFile("patients.ndjson", content)
        alices.post(f"/deployments/{running.pk}/data/import/", {"file": file, **fields})
        return _run(running)

    return sending


def _ndjson(*resources: object) -> bytes:
    return b"".join(json.dumps(resource).encode() + b"\n" for resource in resources)


def test_ndjson_is_checked_and_loaded(send: Send, running: Deployment) -> None:
    job = send(_ndjson(PATIENT, UNNAMED))
    assert (job.state, job.error) == (JobState.DONE, "")
    assert _stored(running) == {"Patient": 2}
    assert job.result == {"checked": 2, "invalid": 0, "errors": 0, "loaded": 2, "stored_lines": 2}


def test_one_bad_line_stops_the_load_before_it_begins_and_can_be_downloaded(
    send: Send, running: Deployment, alices: Client
) -> None:
    job = send(_ndjson(PATIENT, BAD, "no resource"))
    assert job.state == JobState.FAILED
    assert "2 of 3 resources are invalid; nothing was loaded" in job.error
    assert _stored(running) == {}
    response = alices.get(f"/deployments/{running.pk}/data/{job.pk}/errors.ndjson")
    errors = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]  # type: ignore[attr-defined]
    assert {error["line"] for error in errors} == {2, 3}
    assert any("gender" in error["path"] for error in errors)


def test_invalid_resources_can_be_left_out(send: Send, running: Deployment) -> None:
    job = send(_ndjson(PATIENT, BAD, UNNAMED), skip_invalid="on")
    assert job.state == JobState.DONE
    assert _stored(running) == {"Patient": 2}
    assert job.result["invalid"] == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"   \n\n", "empty"),
        (b"hello", "not JSON"),
        (b'{"resourceType": "Patient"', "cut off"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04 and so on", "ZIP"),
        (gzip.compress(b"", mtime=0), "empty"),
        (gzip.compress(_ndjson(PATIENT), mtime=0)[:30], "damaged or was cut off"),
        (_ndjson(PATIENT, {"resourceType": "ActorDefinition"}), "1 of 2 resources are invalid"),
        (_ndjson(PATIENT, UNNAMED, PATIENT), "1 of 3 resources are invalid"),
        (_ndjson({"resourceType": "Bundle", "type": "batch"}, PATIENT)[:-10], "invalid"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_loads_nothing(
    alices: Client, running: Deployment, content: bytes, reason: str
) -> None:
    file = SimpleUploadedFile("patients.ndjson", content)
    page = alices.post(f"/deployments/{running.pk}/data/import/", {"file": file}, follow=True)
    if running.jobs.exists():
        job = _run(running)
        assert job.state == JobState.FAILED
        assert reason in job.error
    else:
        assert reason in page.content.decode()
    assert _stored(running) == {}


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n"])
def test_marks_line_ends_and_compression_are_read(send: Send, running: Deployment, end: bytes) -> None:
    content = b"\xef\xbb\xbf" + end.join(json.dumps(one).encode() for one in (PATIENT, UNNAMED))
    assert send(gzip.compress(content)).state == JobState.DONE
    assert _stored(running) == {"Patient": 2}


def test_each_bad_line_is_told_with_its_reason(
    send: Send, running: Deployment, alices: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_files, "LARGEST_LINE", 300)
    lines = _ndjson(PATIENT, PATIENT, {"resourceType": "ActorDefinition"}, {"name": "x" * 1000}, UNNAMED)
    whole = gzip.compress(lines, mtime=0) + gzip.compress(_ndjson(*[UNNAMED] * 50), mtime=0)
    job = send(whole[:-4], skip_invalid="on")
    assert (job.state, job.result["loaded"]) == (JobState.DONE, 52)
    response = alices.get(f"/deployments/{running.pk}/data/{job.pk}/errors.ndjson")
    told = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]  # type: ignore[attr-defined]
    reasons = {error["line"]: error["problem"] for error in told}
    assert list(reasons) == [2, 3, 4, 56]
    for number, words in ((2, "on line 1 already"), (3, "ActorDefinition"), (4, "longer"), (56, "cut off")):
        assert words in reasons[number]


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
    file = SimpleUploadedFile("patients.ndjson", _ndjson(*resources))
    alices.post(f"/deployments/{running.pk}/data/import/", {"file": file})
    with pytest.raises(SystemExit):
        _run(running)
    assert _stored(running) == {"Patient": 4}
    Job.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    job = _run(running)
    assert (job.state, job.result["loaded"]) == (JobState.DONE, 9)
    assert batches == [["p0", "p1"], ["p2", "p3"], ["p4", "p5"], ["p4", "p5"], ["p6", "p7"], ["p8"]]
    assert _stored(running) == {"Patient": 9}


def test_a_collection_bundle_gives_its_resources(send: Send, running: Deployment) -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": PATIENT}, {"resource": UNNAMED}],
    }
    assert send(json.dumps(bundle, indent=2).encode()).state == JobState.DONE
    assert _stored(running) == {"Patient": 2}


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
    assert _stored(running) == {"Observation": 1, "Patient": 1}


def test_an_import_that_runs_twice_stores_each_resource_once(send: Send, running: Deployment) -> None:
    job = send(_ndjson(UNNAMED, UNNAMED))
    assert _stored(running) == {"Patient": 2}
    upload = job.arguments["upload"]
    (transfers.directory_of(running) / upload).write_bytes(_ndjson(UNNAMED, UNNAMED))
    Job.objects.update(state=JobState.QUEUED, steps=[{**step, "state": "QUEUED"} for step in job.steps])
    assert _run(running).state == JobState.DONE
    assert _stored(running) == {"Patient": 2}


def test_a_load_that_does_not_fit_is_refused(
    send: Send, running: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_jobs, "get_size", lambda code: replace(SMALLEST, stored_resources=1))
    job = send(_ndjson(PATIENT, UNNAMED))
    assert job.state == JobState.FAILED
    assert "the size allows 1" in job.error


def test_an_upload_in_parts_goes_on_where_it_stopped(alices: Client, running: Deployment) -> None:
    base = f"/deployments/{running.pk}/data/uploads/"
    content = _ndjson(PATIENT, UNNAMED)
    upload = alices.post(base).json()["upload"]

    def part(offset: int, body: bytes) -> tuple[int, int]:
        response = alices.patch(
            f"{base}{upload}/", body, "application/octet-stream", headers={"Upload-Offset": str(offset)}
        )
        return response.status_code, response.json()["offset"]

    assert part(0, content[:30]) == (200, 30)
    assert part(0, content[:30]) == (409, 30)
    assert alices.get(f"{base}{upload}/").json()["offset"] == 30
    assert part(30, content[30:]) == (200, len(content))
    alices.post(f"/deployments/{running.pk}/data/import/", {"upload": upload, "filename": "patients.ndjson"})
    assert _run(running).state == JobState.DONE
    assert _stored(running) == {"Patient": 2}


@pytest.mark.parametrize("name", ["upload-00", "..", "upload-zzzzzzzzzzzzzzzz", "upload-0123456789abcdef"])
def test_an_upload_that_we_did_not_begin_does_not_exist(
    alices: Client, running: Deployment, name: str
) -> None:
    assert alices.get(f"/deployments/{running.pk}/data/uploads/{name}/").status_code == 404


def test_an_export_gives_back_what_was_loaded(send: Send, alices: Client, running: Deployment) -> None:
    send(_ndjson(PATIENT))
    alices.post(f"/deployments/{running.pk}/data/export/")
    job = _run(running)
    assert job.state == JobState.DONE
    response = alices.get(f"/deployments/{running.pk}/data/{job.pk}/Patient.ndjson")
    (line,) = b"".join(response.streaming_content).splitlines()  # type: ignore[attr-defined]
    assert json.loads(line)["gender"] == "female"
    assert alices.get(f"/deployments/{running.pk}/data/{job.pk}/errors.ndjson").status_code == 404
    assert alices.get(f"/deployments/{running.pk}/data/{job.pk}/Person.ndjson").status_code == 404


def test_clearing_needs_the_typed_name(send: Send, alices: Client, running: Deployment) -> None:
    send(_ndjson(PATIENT))
    path = f"/deployments/{running.pk}/data/clear/"
    assert alices.post(path, {"clear-name": "Ward 8"}).status_code == 400
    alices.post(path, {"clear-name": "Ward 7"})
    assert _run(running).state == JobState.DONE
    assert _stored(running) == {}


def test_the_size_limits_how_many_jobs_run_at_a_time(alices: Client, running: Deployment) -> None:
    alices.post(f"/deployments/{running.pk}/data/export/")
    page = alices.post(f"/deployments/{running.pk}/data/export/", follow=True)
    assert "1 bulk job at a time" in page.content.decode()
    assert running.jobs.count() == 1


def test_a_stopped_deployment_takes_no_data(alices: Client, running: Deployment) -> None:
    Deployment.objects.update(state=State.STOPPED)
    page = alices.post(f"/deployments/{running.pk}/data/preset/", {"preset": "synthea-5"}, follow=True)
    assert "has to be running" in page.content.decode()


def test_a_preset_that_does_not_fit_or_exist_is_refused(alices: Client, running: Deployment) -> None:
    for code, reason in (("synthea-50", "does not fit"), ("nonsense", "no such data set")):
        page = alices.post(f"/deployments/{running.pk}/data/preset/", {"preset": code}, follow=True)
        assert reason in page.content.decode()


MATRIX = [
    ("get", "data/", Role.READ),
    ("post", "data/preset/", Role.WRITE),
    ("post", "data/import/", Role.WRITE),
    ("post", "data/uploads/", Role.WRITE),
    ("get", "data/uploads/upload-0123456789abcdef/", Role.WRITE),
    ("patch", "data/uploads/upload-0123456789abcdef/", Role.WRITE),
    ("post", "data/export/", Role.WRITE),
    ("get", "data/1/errors.ndjson", Role.WRITE),
    ("get", "data/1/Patient.ndjson", Role.WRITE),
    ("post", "data/clear/", Role.ADMIN),
]


@pytest.mark.parametrize(("method", "below", "role"), MATRIX)
def test_each_page_and_action_asks_for_its_role(
    client: Client, running: Deployment, bob: User, charlie: User, method: str, below: str, role: Role
) -> None:
    path = f"/deployments/{running.pk}/{below}"
    assert getattr(client, method)(path)["Location"].startswith("/accounts/login/")
    client.force_login(charlie)
    assert getattr(client, method)(path).status_code == 404
    client.force_login(bob)
    for has in Role:
        Membership.objects.filter(user=bob).update(role=has)
        status = getattr(client, method)(path).status_code
        assert (status == 403) == (has < role), (has, status)


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
        if not died and _stored(running):
            died.append(1)
            raise Dying
        return write(job)

    for module in (data_jobs, bundle_jobs):
        monkeypatch.setattr(module, "ErrorFile", die)
    with pytest.raises(Dying):
        send(json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}).encode())
    assert (died, _stored(running)) == ([1], {"Patient": 2})
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    job = _run(running)
    assert (job.state, job.error) == (JobState.DONE, "")
    assert _stored(running) == {"Patient": 2}
    assert (job.result["loaded"], job.result["errors"]) == (2, 1 if kind == "batch" else 0)
    assert fetch("region_local", "SELECT count(*) FROM fhir_answer") == [(0,)]


def test_a_refused_bundle_leaves_nothing_and_may_be_sent_again(send: Send, running: Deployment) -> None:
    entry = {"resource": UNNAMED, "request": {"method": "POST", "url": "Patient"}}
    unmet = {"resource": PATIENT, "request": {"method": "PUT", "url": "Patient/ada", "ifMatch": 'W/"7"'}}
    job = send(
        json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry, unmet]}).encode()
    )
    assert job.state == JobState.FAILED
    assert _stored(running) == {}
    assert fetch("region_local", "SELECT count(*) FROM fhir_answer") == [(0,)]
    sent = send(json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry]}).encode())
    assert (sent.state, _stored(running)) == (JobState.DONE, {"Patient": 1})


@pytest.mark.parametrize("packed", [False, True])
def test_while_a_file_is_checked_it_tells_how_much_of_it_was_read(tmp_path: Path, packed: bool) -> None:
    content = _ndjson(*({"resourceType": "Patient", "id": f"p{n}"} for n in range(1000)))
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    place = import_files.Place()
    shares = [place.share for _ in import_files.lines_of(path, place)]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert 0.9 < shares[-1] <= 1.0


def _requests(count: int) -> list[dict[str, object]]:
    return [
        {
            "resource": {**PATIENT, "id": f"p{number}"},
            "request": {"method": "PUT", "url": f"Patient/p{number}"},
        }
        for number in range(count)
    ]


def _bundle(kind: str, entries: list[dict[str, object]]) -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}).encode()


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
    job = send(_bundle(kind, _requests(2 * bundle_jobs.PIECE + 1)))
    assert (job.state, job.error) == (JobState.DONE, "")
    assert (len(pieces), sum(pieces)) == (writes, 2 * bundle_jobs.PIECE + 1)
    assert _stored(running) == {"Patient": 2 * bundle_jobs.PIECE + 1}
    assert job.result["loaded"] == 2 * bundle_jobs.PIECE + 1


def test_a_batch_may_have_more_entries_than_a_request_and_names_the_bad_ones(
    send: Send, running: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MAX_BUNDLE_ENTRIES", 55)
    entries = _requests(60)
    entries[7]["resource"] = {**BAD, "id": "p7"}
    entries[55]["request"] = {"method": "BOIL", "url": "Patient"}
    job = send(_bundle("batch", entries))
    assert (job.state, job.error) == (JobState.DONE, "")
    errors = (transfers.job_directory(job) / "errors.ndjson").read_bytes().splitlines()
    assert [json.loads(one)["line"] for one in errors] == [8, 56]
    assert (job.result["loaded"], job.result["errors"]) == (len(entries) - 2, 2)
    assert _stored(running) == {"Patient": 58}


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
        if _stored(running):
            raise Dying
        return respond(*given)

    monkeypatch.setattr(engine, "respond", die)
    with pytest.raises(Dying):
        send(_bundle("batch", entries))
    assert _stored(running) == {"Patient": bundle_jobs.PIECE}
    monkeypatch.undo()
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    job = _run(running)
    assert (job.state, job.result["loaded"]) == (JobState.DONE, 120)
    assert _stored(running) == {"Patient": 120}
    assert fetch("region_local", "SELECT count(*) FROM fhir_answer") == [(0,)]
