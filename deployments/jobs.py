"""Background work: the kinds of job there are, and how one is queued, retried and cancelled.

A `Job` row is the truth; the broker only carries its id, so a lost message or a killed worker loses nothing:
`deployments.job_sweeper` finds the row and queues it again. Steps must therefore be idempotent.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.utils import timezone

from deployments.models import Deployment, Job, JobState
from portal.models import User
from portal.services.refusals import Refused

logger = logging.getLogger(__name__)

RUN_JOB = "deployments.tasks.run_job"
MESSAGE_LOST_AFTER = timedelta(seconds=10)
BROKER_AWAY = "The message broker of this installation cannot be reached. It goes on by itself."


class JobFault(Exception):
    """A reason, in words for the person who asked, why a job cannot end well. It is not tried again by itself."""


class JobCancelled(Exception):
    """Raised inside a step when someone asked to cancel the job."""


class LeaseLost(Exception):
    """Raised inside a step when another worker took the job over: stop at once and write nothing."""


class NotAllowed(Refused):
    """The job is not in a state in which this can be done."""


class Progress:
    """What a step is given: the job, and how to say how far it is. The runner makes one for each step."""

    def __init__(self, job: Job, save: Callable[[int, int | None, str | None], None]) -> None:
        self.job = job
        self._save = save

    def report(self, done: int, total: int | None = None, detail: str | None = None) -> None:
        """Show progress. Raises JobCancelled or LeaseLost, so a long step should call it often."""
        self._save(done, total, detail)


@dataclass(frozen=True)
class Step:
    """One part of a job that a person sees by its title. `run` must be safe to run twice."""

    name: str
    title: str
    run: Callable[[Progress], None]


def _nothing(job: Job) -> None:
    """A kind that has nothing to settle afterwards."""


@dataclass(frozen=True)
class Kind:
    """A sort of job. `succeeded` and `failed` settle the deployment; they too may run twice."""

    name: str
    title: str
    steps: tuple[Step, ...]
    succeeded: Callable[[Job], None] = _nothing
    failed: Callable[[Job], None] = _nothing
    max_attempts: int = 3


_kinds: dict[str, Kind] = {}


def register_kind(kind: Kind) -> Kind:
    """Make a kind known. Called by an app's `ready`, so that every worker knows all kinds."""
    _kinds[kind.name] = kind
    return kind


def get_kind(name: str) -> Kind:
    """Raises KeyError for a kind nobody registered."""
    return _kinds[name]


def _fresh_steps(kind: Kind) -> list[dict[str, Any]]:
    return [
        {
            "name": step.name,
            "title": step.title,
            "state": JobState.QUEUED.value,
            "done": 0,
            "total": None,
            "detail": "",
        }
        for step in kind.steps
    ]


def start(
    kind_name: str, deployment: Deployment, requested_by: User | None, arguments: dict[str, Any] | None = None
) -> Job:
    """Queue a job; its message leaves when the surrounding transaction commits."""
    job = Job.objects.create(
        kind=kind_name,
        deployment=deployment,
        requested_by=requested_by,
        arguments=arguments or {},
        steps=_fresh_steps(get_kind(kind_name)),
        lease_until=timezone.now() + MESSAGE_LOST_AFTER,
    )
    transaction.on_commit(lambda: send(job.pk))
    return job


def retry(job: Job) -> Job:
    """Queue a failed or cancelled job again; steps that are done stay done. Raises NotAllowed."""
    steps = [
        step if step["state"] == JobState.DONE else {**step, "state": JobState.QUEUED.value}
        for step in job.steps
    ]
    changed = Job.objects.filter(pk=job.pk, state__in=[JobState.FAILED, JobState.CANCELLED]).update(
        state=JobState.QUEUED,
        steps=steps,
        attempts=0,
        error="",
        cancel_requested=False,
        finished=None,
        lease_until=timezone.now() + MESSAGE_LOST_AFTER,
    )
    if not changed:
        raise NotAllowed("Only a failed or cancelled job can be tried again.")
    transaction.on_commit(lambda: send(job.pk))
    job.refresh_from_db()
    return job


def cancel(job: Job) -> None:
    """Ask a job to end. A queued one ends now, a running one at its next report of progress. Raises NotAllowed."""
    open_jobs = Job.objects.filter(pk=job.pk, state__in=[JobState.QUEUED, JobState.RUNNING])
    if not open_jobs.update(cancel_requested=True):
        raise NotAllowed("This job has already ended.")
    ended = Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
        state=JobState.CANCELLED, finished=timezone.now(), error="Cancelled before it began."
    )
    job.refresh_from_db()
    if ended:
        get_kind(job.kind).failed(job)


def send(job_id: int) -> None:
    """Tell the workers. Whatever the broker's client raises is no loss: the sweeper sends again."""
    try:
        current_app.send_task(RUN_JOB, args=[job_id], retry=False)
    except Exception as error:
        logger.warning(
            "job %s waits for the sweeper: the broker did not take its message (%s)", job_id, error
        )
        _say_of_queued(job_id, BROKER_AWAY)


def send_again(job_id: int) -> None:
    """What was told of an earlier try holds no longer."""
    _say_of_queued(job_id, "", instead_of=BROKER_AWAY)
    send(job_id)


def _say_of_queued(job_id: int, detail: str, instead_of: str | None = None) -> None:
    queued = Job.objects.filter(pk=job_id, state=JobState.QUEUED)
    job = queued.first()
    step = job.current_step if job else None
    if job is not None and step is not None and instead_of in (None, step["detail"]):
        step["detail"] = detail
        queued.update(steps=job.steps)
