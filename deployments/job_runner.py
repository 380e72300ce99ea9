"""Runs one job in this process: claim it by lease, work through its steps, settle it. See deployments.jobs."""

import logging
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from deployments.job_room import place
from deployments.jobs import JobCancelled, JobFault, Kind, LeaseLost, Progress, get_kind
from deployments.models import Job, JobState
from portal.outages import outage_of

logger = logging.getLogger(__name__)

WRITE_PROGRESS_EVERY = 0.4  # seconds
OUTAGE_PAUSE = timedelta(seconds=10)
LOOK_AGAIN = 0.5  # seconds
WAITS = "Its worker stopped. It goes on as soon as nothing else runs beside it."
UNEXPECTED = "Something unexpected went wrong. The installation's log has the details."


def lease_time() -> timedelta:
    """How long a worker may be silent before its job is given to another."""
    return timedelta(seconds=settings.JOB_LEASE_SECONDS)


def claim(job_id: int) -> Job | None:
    """Take the job if it is queued, or was left by a dead worker; None if another has it or it has ended. What was left is counted when it begins."""
    now = timezone.now()
    job = Job.objects.filter(pk=job_id)
    taken: dict[str, Any] = {
        "state": JobState.RUNNING,
        "lease_holder": secrets.token_hex(16),
        "lease_until": now + lease_time(),
        "started": now,
    }
    is_new = job.filter(state=JobState.QUEUED).update(**taken, attempts=F("attempts") + 1)
    if not is_new and not job.filter(state=JobState.RUNNING, lease_until__lt=now).update(**taken):
        return None
    claimed = job.select_related("deployment", "deployment__region", "deployment__tenant").get()
    claimed.was_left = not is_new
    return claimed


def _ours(job: Job) -> QuerySet[Job]:
    """The job's row, as long as no other worker has taken it over."""
    return Job.objects.filter(pk=job.pk, lease_holder=job.lease_holder, state=JobState.RUNNING)


@contextmanager
def _heartbeat(job: Job) -> Iterator[None]:
    """Renew the lease while a step is silent. It ends with the process, so a killed worker's lease runs out."""
    stopped = threading.Event()

    def beat() -> None:
        while not stopped.wait(settings.JOB_LEASE_SECONDS / 3):
            try:
                _ours(job).update(lease_until=timezone.now() + lease_time())
            except DatabaseError:
                # It may be back before the lease ends.
                connection.close()
        connection.close()

    thread = threading.Thread(target=beat, name=f"job-{job.pk}-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


class _StepRecord:
    """Writes one step's progress into the job's row, at most every 0.4 s, as long as the lease is ours."""

    def __init__(self, job: Job, index: int) -> None:
        self.job = job
        self.step = job.steps[index]
        self.written = 0.0

    def save(self, done: int, total: int | None, detail: str | None) -> None:
        self.step["done"] = done
        if total is not None:
            self.step["total"] = total
        if detail is not None:
            self.step["detail"] = detail
        if time.monotonic() - self.written >= WRITE_PROGRESS_EVERY:
            self.write()

    def enter(self, state: JobState) -> None:
        self.step["state"] = state.value
        self.write()

    def write(self) -> None:
        self.written = time.monotonic()
        if not _ours(self.job).update(
            steps=self.job.steps, result=self.job.result, lease_until=timezone.now() + lease_time()
        ):
            raise LeaseLost
        if Job.objects.filter(pk=self.job.pk, cancel_requested=True).exists():
            raise JobCancelled


@contextmanager
def _turn(job: Job) -> Iterator[None]:
    """A job whose worker died is tried alone: it may be what ended it, or it only was beside that. Waiting is no attempt."""
    step = job.current_step
    if job.was_left and step is not None:
        step["detail"] = WAITS
        _ours(job).update(steps=job.steps)
    with place(alone=job.was_left):
        if job.was_left:
            job.attempts += 1
            _ours(job).update(attempts=job.attempts)
        yield


def _run_steps(job: Job, kind: Kind) -> None:
    for index, step in enumerate(kind.steps):
        if job.steps[index]["state"] == JobState.DONE:
            continue
        record = _StepRecord(job, index)
        # Whatever it waited for is there.
        record.step["detail"] = ""
        record.enter(JobState.RUNNING)
        step.run(Progress(job, record.save))
        record.enter(JobState.DONE)


def _end(job: Job, state: JobState, error: str = "") -> bool:
    """Write how the job ended, if it is still ours."""
    for step in job.steps:
        if step["state"] == JobState.RUNNING:
            step["state"] = state.value
    job.state, job.error, job.finished = state, error, timezone.now()
    return bool(
        _ours(job).update(
            state=state,
            error=error,
            steps=job.steps,
            result=job.result,
            finished=job.finished,
            lease_until=None,
        )
    )


def _settle_failure(job: Job, kind: Kind, state: JobState, error: str) -> None:
    with transaction.atomic():
        if _end(job, state, error):
            kind.failed(job)


def _try_later(job: Job, kind: Kind) -> None:
    """After an unexpected error: wait a little longer each time, and give up in the end."""
    if job.attempts >= kind.max_attempts:
        _settle_failure(job, kind, JobState.FAILED, UNEXPECTED)
        return
    _ours(job).update(state=JobState.QUEUED, lease_until=timezone.now() + timedelta(seconds=2**job.attempts))


def _wait_out(job: Job, missing: str) -> None:
    """Nothing is wrong with the job: it waits, says for what, and the sweeper sends it again. This was none of its attempts."""
    for step in job.steps:
        if step["state"] == JobState.RUNNING:
            step |= {"state": JobState.QUEUED.value, "detail": f"{missing} It goes on by itself."}
    deadline = time.monotonic() + settings.JOB_LEASE_SECONDS
    while True:
        try:
            _ours(job).update(
                state=JobState.QUEUED,
                attempts=F("attempts") - 1,
                steps=job.steps,
                result=job.result,
                lease_until=timezone.now() + OUTAGE_PAUSE,
            )
        except DatabaseError:
            # The control database may be what is missing. After the lease a worker takes the job over as from a dead one.
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(LOOK_AGAIN)
        else:
            return


def run(job_id: int) -> None:
    """Work on the job until it is done, has failed, or is another worker's. Never raises for the job's own faults."""
    job = claim(job_id)
    if job is None:
        return
    kind = get_kind(job.kind)
    if job.was_left and job.attempts >= kind.max_attempts:
        _settle_failure(
            job, kind, JobState.FAILED, f"The worker stopped {kind.max_attempts} times during this work."
        )
        return
    try:
        with _heartbeat(job), _turn(job):
            _run_steps(job, kind)
        with transaction.atomic():
            kind.succeeded(job)
            _end(job, JobState.DONE)
    except LeaseLost:
        logger.warning("job %s was taken over by another worker", job_id)
    except JobCancelled:
        _settle_failure(job, kind, JobState.CANCELLED, "Cancelled.")
    except Exception as error:
        _after_error(job, kind, error)


def _after_error(job: Job, kind: Kind, error: Exception) -> None:
    if missing := outage_of(error) or outage_of(error.__cause__):
        logger.warning("job %s (%s) waits: %s", job.pk, job.kind, missing)
        _wait_out(job, missing)
    elif isinstance(error, JobFault):
        _settle_failure(job, kind, JobState.FAILED, str(error))
    else:
        logger.error("job %s (%s) met an unexpected error", job.pk, job.kind, exc_info=error)
        _try_later(job, kind)
