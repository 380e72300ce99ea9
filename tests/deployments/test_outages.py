"""A job during whose work a database goes away, or a disk is full, waits, says for what, and goes on by itself."""

import errno
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.utils import OperationalError
from django.utils import timezone

from deployments import bulk_export, bundle_jobs, data_jobs, job_runner, job_sweeper, jobs, transfers
from deployments.jobs import JobFault, Kind, Progress, Step
from deployments.loading import partition_of
from deployments.models import Deployment, Job, JobState
from fhirserver import bulk, engine, partitions
from fhirserver.access import FULL
from fhirserver.http import FhirRequest
from fhirserver.outcomes import StatementTooLong, StoreLost
from portal.models import User

NO_ROOM = OSError(errno.ENOSPC, "No space left on device")
LOST = StoreLost("The database that holds this server's data cannot be reached.")


def _of(cause: Exception) -> JobFault:
    fault = JobFault("The export failed.")
    fault.__cause__ = cause
    return fault


class Work:
    def __init__(self) -> None:
        self.faults: list[Exception] = []
        self.ran = 0

    def step(self, progress: Progress) -> None:
        self.ran += 1
        progress.job.result = {"ran": self.ran}
        if self.faults:
            raise self.faults.pop(0)


@pytest.fixture
def work() -> Iterator[Work]:
    made = Work()
    jobs.register_kind(Kind("outage", "Outage", (Step("step", "Step", made.step),)))
    yield made
    del jobs._kinds["outage"]


def _swept(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the sweeper does when the pause is over."""
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr(jobs, "send", job_runner.run)
    job_sweeper.sweep()
    job.refresh_from_db()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (NO_ROOM, "disk"),
        (LOST, "cannot be reached"),
        (OperationalError("server closed the connection"), "database"),
        (_of(LOST), "cannot be reached"),
        (_of(NO_ROOM), "disk"),
    ],
)
def test_a_job_waits_out_an_outage_however_long_it_is(
    work: Work,
    deployment: Deployment,
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
    words: str,
) -> None:
    job = jobs.start("outage", deployment, alice)
    work.faults = [fault] * 5
    job_runner.run(job.pk)
    for _ in range(4):
        job.refresh_from_db()
        assert (job.state, job.attempts, job.error) == (JobState.QUEUED, 0, "")
        assert words in job.steps[0]["detail"]
        assert job.lease_until is not None
        assert job.lease_until > timezone.now()
        _swept(job, monkeypatch)
    _swept(job, monkeypatch)
    assert (job.state, job.result) == (JobState.DONE, {"ran": 6})


def test_a_statement_that_takes_too_long_is_not_asked_for_ever(
    work: Work, deployment: Deployment, alice: User
) -> None:
    job = jobs.start("outage", deployment, alice)
    work.faults = [_of(StatementTooLong("It took longer than 30 seconds."))]
    job_runner.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.FAILED


def test_what_the_job_says_while_the_control_database_is_away_is_written_when_it_is_back(
    work: Work, deployment: Deployment, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.start("outage", deployment, alice)
    work.faults = [LOST]
    ours, away = job_runner._ours, [OperationalError("lost")] * 3

    def sometimes(asked: Job) -> Any:
        # The first writes are those of the step that begins.
        if not work.faults and away:
            raise away.pop()
        return ours(asked)

    monkeypatch.setattr(job_runner, "_ours", sometimes)
    monkeypatch.setattr(job_runner, "LOOK_AGAIN", 0.0)
    monkeypatch.setattr(job_runner.connection, "close", lambda: None)  # the test's transaction goes on
    job_runner.run(job.pk)
    job.refresh_from_db()
    assert (away, job.state) == ([], JobState.QUEUED)


@pytest.fixture
def ward(deployment: Deployment) -> Deployment:
    deployment.partition = partitions.reserve(deployment.region.database).number
    deployment.save()
    return deployment


def _progress(job: Job) -> Progress:
    return Progress(job, lambda done, total, detail: None)


@pytest.mark.django_db(databases=["default", "region_local"])
def test_an_entry_that_met_an_outage_is_not_noted_as_refused(
    ward: Deployment, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = jobs.start(data_jobs.IMPORT, ward, alice, {"upload": "x"})
    entry = {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}}
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [entry] * 3}
    own, asked = engine.answer, []

    def sometimes(request: FhirRequest, store: Any) -> Any:
        if request.path == "Patient":
            asked.append(request)
            if len(asked) == 2:
                raise LOST
        return own(request, store)

    monkeypatch.setattr(engine, "answer", sometimes)
    partition = partition_of(ward)
    with pytest.raises(StoreLost):
        bundle_jobs.execute_bundle(_progress(job), partition, batch)
    assert partitions.count_resources(partition) == 0
    bundle_jobs.execute_bundle(_progress(job), partition, batch)
    assert (job.result["loaded"], job.result["errors"]) == (3, 0)
    assert partitions.count_resources(partition) == 3


def _full_after(lines: int) -> Callable[..., Iterator[bytes]]:
    def dump(*_: Any) -> Iterator[bytes]:
        yield from [b"{}"] * lines
        raise NO_ROOM

    return dump


@pytest.mark.django_db(databases=["default", "region_local"])
def test_exports_leave_no_half_file_on_a_full_disk(
    ward: Deployment, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk.load(partition_of(ward), [{"resourceType": "Patient", "id": "p"}])
    job = jobs.start(data_jobs.EXPORT, ward, alice)
    monkeypatch.setattr(bulk, "dump", _full_after(3))
    job_runner.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert list(transfers.directory_of(ward).iterdir()) == []

    job.delete()
    asked = bulk_export.ExportRequest(level="system")
    job = bulk_export.start_export(ward.pk, asked, FULL, owner="key", request_url="/")
    monkeypatch.setattr(bulk_export.Export, "lines", _full_after(3))
    monkeypatch.setattr(bulk_export, "wait_for_writes", lambda *_: None)
    job_runner.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert list(transfers.directory_of(ward).iterdir()) == []


def test_half_an_upload_takes_no_room(deployment: Deployment) -> None:
    with pytest.raises(OSError, match="No space"):
        transfers.keep_upload(deployment, _full_after(3)())
    assert list(Path(transfers.directory_of(deployment)).iterdir()) == []
