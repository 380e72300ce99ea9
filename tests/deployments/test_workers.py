"""Real worker processes, killed in the middle, over files, Redis and RabbitMQ."""

import time
from pathlib import Path

import pytest
from celery import current_app

from deployments import jobs
from deployments.models import Deployment, Job, JobState
from portal.models import User
from tests.deployments import slow_worker  # noqa: F401  registers the slow kind in this process too
from tests.deployments.conftest import StartWorker

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "region_local"])

REDIS = "redis://127.0.0.1:6379/9"
RABBITMQ = "amqp://guest:guest@127.0.0.1:5672//"


def _wait(job: Job, state: JobState, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        job.refresh_from_db()
        if job.state == state:
            return
        time.sleep(0.05)
    raise AssertionError(f"{job} is not {state} after {seconds} s: {job.steps}")


def _wait_for_progress(job: Job) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        job.refresh_from_db()
        if job.steps[1]["done"] > 0:
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
