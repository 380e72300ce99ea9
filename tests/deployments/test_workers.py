"""Real worker processes, killed in the middle, over files, Redis and RabbitMQ."""

import signal
import time
from pathlib import Path

import pytest
from celery import current_app

from deployments import data_jobs, job_runner, job_sweeper, jobs, transfers
from deployments.models import Deployment, Job, JobState, State
from fhirserver import partitions
from portal.models import User
from tests.deployments import slow_worker  # noqa: F401  registers the slow kind in this process too
from tests.deployments.conftest import StartWorker
from tests.deployments.loading import ndjson
from tests.fhirserver.client import Client as FhirClient

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "region_local"])

REDIS = "redis://127.0.0.1:6379/9"
RABBITMQ = "amqp://guest:guest@127.0.0.1:5672//"
MANY = 12_000  # resources: a worker is some seconds at them


def _wait(job: Job, state: JobState, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job.refresh_from_db()
        if job.state == state:
            return
        time.sleep(0.05)
    raise AssertionError(f"{job} is not {state} after {seconds} s: {job.steps}")


def _wait_for_progress(job: Job, done: int = 1) -> None:
    """Of its second step."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        job.refresh_from_db()
        if job.steps[1]["done"] >= done:
            return
        time.sleep(0.05)
    raise AssertionError(f"{job} made no progress: {job.steps}")


def test_a_job_whose_worker_is_killed_is_finished_by_the_next_worker(
    deployment: Deployment, alice: User, start_worker: StartWorker, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    job = jobs.start("slow", deployment, alice, {"notes": str(notes), "seconds": 3})
    killed = start_worker()
    _wait_for_progress(job)
    killed.kill()
    killed.wait()
    second = start_worker()
    _wait(job, JobState.DONE)
    assert notes.read_text().splitlines() == [
        f"first {killed.pid}",
        f"slow {killed.pid}",
        f"slow {second.pid}",
        f"last {second.pid}",
    ]
    assert job.attempts == 2


def test_a_job_that_ends_its_worker_each_time_takes_no_other_with_it(
    deployment: Deployment, alice: User, start_worker: StartWorker, tmp_path: Path
) -> None:
    arguments = {"notes": str(tmp_path / "notes"), "seconds": 2}
    deadly = jobs.start("deadly", deployment, alice, arguments)
    # Longer than any worker lives that has the other.
    slow = jobs.start("slow", deployment, alice, {**arguments, "seconds": 3})
    for _ in range(3):
        assert start_worker().wait(120) == -signal.SIGKILL
        job_sweeper.free_all()
    for job in (deadly, slow):
        job_runner.run(job.pk)
        job.refresh_from_db()
    assert (deadly.state, deadly.error) == (JobState.FAILED, "The worker stopped 3 times during this work.")
    assert (slow.state, slow.error) == (JobState.DONE, "")


def test_an_import_whose_worker_is_killed_stores_each_resource_once(
    deployment: Deployment, alice: User, start_worker: StartWorker
) -> None:
    partition = partitions.reserve("region_local")
    Deployment.objects.update(partition=partition.number, state=State.RUNNING)
    resources = [
        {
            "resourceType": "Basic",
            "code": {"text": str(number)},
            **({"id": f"b{number}"} if number % 2 else {}),
        }
        for number in range(MANY)
    ]
    upload = transfers.keep_upload(deployment, [ndjson(*resources)])
    job = jobs.start(data_jobs.IMPORT, deployment, alice, {"upload": upload, "filename": "b.ndjson"})
    killed = start_worker()
    _wait_for_progress(job, 400)
    killed.kill()
    killed.wait()
    assert job.steps[1]["done"] < MANY
    start_worker()
    _wait(job, JobState.DONE, seconds=60)
    assert (job.attempts, job.result["loaded"]) == (2, MANY)
    fhir = FhirClient(partition)
    assert fhir.get("Basic?_summary=count").json()["total"] == MANY
    assert fhir.get("_history?_summary=count").json()["total"] == MANY


@pytest.mark.parametrize(
    "broker_url",
    [
        pytest.param(REDIS, marks=[pytest.mark.redis], id="redis"),
        pytest.param(RABBITMQ, marks=[pytest.mark.rabbitmq], id="rabbitmq"),
    ],
)
def test_a_job_runs_over_an_outside_broker(
    broker_url: str,
    deployment: Deployment,
    alice: User,
    start_worker: StartWorker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notes = tmp_path / "notes"
    sent: list[int] = []

    def send_there(job_id: int) -> None:
        with current_app.connection_for_write(url=broker_url) as connection:
            current_app.send_task(jobs.RUN_JOB, args=[job_id], connection=connection)
        sent.append(job_id)

    monkeypatch.setattr(jobs, "send", send_there)
    worker = start_worker(broker_url)
    job = jobs.start("slow", deployment, alice, {"notes": str(notes)})
    _wait(job, JobState.DONE)
    assert sent == [job.pk]
    assert f"last {worker.pid}" in notes.read_text()
