"""What a job promises, whatever happens to its message or its worker."""

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from deployments import job_runner, job_sweeper, jobs
from deployments.jobs import JobCancelled, JobFault, Kind, Progress, Step
from deployments.models import Deployment, Job, JobState
from portal.models import User


class Work:
    """A kind of job whose steps a test decides."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.fault: BaseException | None = None
        self.settled: list[str] = []

    def first(self, progress: Progress) -> None:
        self.ran.append("first")
        progress.report(3, 10, "three of ten")

    def second(self, progress: Progress) -> None:
        self.ran.append("second")
        if self.fault:
            raise self.fault


@pytest.fixture
def work() -> Iterator[Work]:
    made = Work()
    steps = (Step("first", "First", made.first), Step("second", "Second", made.second))
    jobs.register_kind(
        Kind(
            "test",
            "Test",
            steps,
            succeeded=lambda job: made.settled.append("succeeded"),
            failed=lambda job: made.settled.append(f"failed: {job.error}"),
        )
    )
    yield made
    del jobs._kinds["test"]


@pytest.fixture
def job(work: Work, deployment: Deployment, alice: User) -> Job:
    return jobs.start("test", deployment, alice)


def test_a_job_runs_its_steps_in_order_and_ends_done(job: Job, work: Work) -> None:
    job_runner.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert work.ran == ["first", "second"]
    assert [step["state"] for step in job.steps] == ["DONE", "DONE"]
    assert (job.steps[0]["done"], job.steps[0]["total"], job.steps[0]["detail"]) == (3, 10, "three of ten")
    assert work.settled == ["succeeded"]


def test_a_message_that_arrives_twice_runs_the_job_once(job: Job, work: Work) -> None:
    job_runner.run(job.pk)
    job_runner.run(job.pk)
    assert work.ran == ["first", "second"]


def test_a_fault_ends_the_job_with_its_reason_and_retry_skips_what_is_done(job: Job, work: Work) -> None:
    work.fault = JobFault("The disk is full.")
    job_runner.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.FAILED, "The disk is full.")
    assert work.settled == ["failed: The disk is full."]

    work.fault = None
    jobs.retry(job)
    job_runner.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.DONE, "")
    assert work.ran == ["first", "second", "second"]


def test_stopping_the_product_in_good_order_is_none_of_a_jobs_attempts(job: Job, work: Work) -> None:
    for _ in range(5):
        assert job_runner.claim(job.pk) is not None
        job_sweeper.hand_back()
    job_runner.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.DONE, 1)


def test_an_unexpected_error_is_tried_three_times_and_its_text_stays_in_the_log(job: Job, work: Work) -> None:
    work.fault = RuntimeError("password=hunter2")
    for _ in range(3):
        job_runner.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert job.attempts == 3
    assert "hunter2" not in job.error


def test_a_lost_message_is_sent_again_by_the_sweeper(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    monkeypatch.setattr(jobs, "send", sent.append)
    job_sweeper.sweep()
    assert sent == []
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    job_sweeper.sweep()
    assert sent == [job.pk]


def test_a_running_job_is_left_alone_until_its_lease_runs_out(job: Job) -> None:
    assert job_runner.claim(job.pk) is not None
    assert job_runner.claim(job.pk) is None
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert job_runner.claim(job.pk) is not None


def test_a_worker_that_lost_its_lease_writes_nothing(job: Job, work: Work, deployment: Deployment) -> None:
    def stolen(progress: Progress) -> None:
        Job.objects.filter(pk=progress.job.pk).update(lease_holder="another")
        for done in range(1000):
            progress.report(done)
            time.sleep(0.01)
        raise AssertionError("the lease was not missed")

    jobs.register_kind(Kind("test", "Test", (Step("first", "First", stolen),)))
    job_runner.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.lease_holder) == (JobState.RUNNING, "another")


def test_a_queued_job_is_cancelled_at_once(job: Job, work: Work) -> None:
    jobs.cancel(job)
    job_runner.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert work.ran == []


def test_a_running_job_is_cancelled_at_its_next_report(job: Job, work: Work) -> None:
    work.fault = JobCancelled()
    job_runner.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


class WorkerDied(BaseException):
    """No error of a step: whoever runs the job is gone with it."""


def die(job: Job) -> None:
    """As if the worker that has the job were killed, and its lease had ended."""
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_job_whose_worker_dies_each_time_fails_in_the_end(job: Job, work: Work) -> None:
    work.fault = WorkerDied()
    for _ in range(3):
        with pytest.raises(WorkerDied):
            job_runner.run(job.pk)
        die(job)
    job_runner.run(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "worker stopped 3 times" in job.error


def test_a_worker_that_dies_before_a_job_begins_anew_is_none_of_its_attempts(job: Job, work: Work) -> None:
    for _ in range(5):
        assert job_runner.claim(job.pk) is not None
        die(job)
    job_runner.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts, job.steps[0]["detail"]) == (JobState.DONE, 2, "three of ten")


def test_an_ended_job_can_neither_be_cancelled_nor_a_good_one_retried(job: Job) -> None:
    job_runner.run(job.pk)
    job.refresh_from_db()
    with pytest.raises(jobs.NotAllowed):
        jobs.cancel(job)
    with pytest.raises(jobs.NotAllowed):
        jobs.retry(job)
