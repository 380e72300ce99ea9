"""Waiting for background work, with its steps shown."""

import time
from collections.abc import Callable
from typing import Any

from cli.client import Api
from cli.errors import CommandError, Exit
from cli.output import Output

EVERY = 0.5
OVER = frozenset({"DONE", "FAILED", "CANCELLED"})
MOVING = frozenset({"CREATING", "STARTING", "STOPPING", "UPDATING", "DELETING"})


def _poll(out: Output, ask: Callable[[], Any], seconds: float) -> Any:
    """What `ask` answers as soon as it is not None. Who stops waiting is told that this stops nothing else."""
    deadline = time.monotonic() + seconds
    try:
        while (found := ask()) is None:
            if time.monotonic() >= deadline:
                told = f"It is not done after {seconds:g} seconds; the work goes on."
                raise CommandError(told, Exit.TIMED_OUT)
            time.sleep(EVERY)
    except KeyboardInterrupt:
        out.note("The waiting is over; the work goes on. `fireside jobs DEPLOYMENT` says how it ends.")
        raise
    return found


def words_of(job: dict[str, Any]) -> str:
    """The step that runs, or the last one: "Load the data: 1,200 of 1,930 resources"."""
    steps = [step for step in job["steps"] if step["state"] != "QUEUED"]
    if not steps:
        return f"{job['title']}: waiting for a worker"
    number, step = len(steps), steps[-1]
    return f"{job['title']}: {number}/{len(job['steps'])} {step['title']} {step['detail']}".rstrip()


def wait_for_job(api: Api, out: Output, deployment: str, job_id: int, seconds: float) -> dict[str, Any]:
    """The job when it is over. Raises CommandError when it did not end well."""

    def ask() -> dict[str, Any] | None:
        job: dict[str, Any] = api.get(f"deployments/{deployment}/jobs/{job_id}/")
        out.progress(words_of(job))
        return job if job["state"] in OVER else None

    job: dict[str, Any] = _poll(out, ask, seconds)
    out.settle()
    if job["state"] != "DONE":
        raise CommandError(f"{job['title']}: {job['state']}. {job['error']}".rstrip())
    return job


def wait_for_state(api: Api, out: Output, deployment: str, seconds: float) -> dict[str, Any] | None:
    """The deployment when it rests, None when it is gone. Raises CommandError when it FAILED."""

    def ask() -> tuple[dict[str, Any] | None] | None:
        try:
            found: dict[str, Any] = api.get(f"deployments/{deployment}/")
        except CommandError as error:
            if error.code is Exit.NOT_FOUND:
                return (None,)
            raise
        if found["state"] not in MOVING:
            return (found,)
        _tell(api, out, found)
        return None

    (found,) = _poll(out, ask, seconds)
    out.settle()
    if found is not None and found["state"] == "FAILED":
        raise CommandError(f"{found['name']} failed: {found['state_reason']}")
    return found  # type: ignore[no-any-return]


def _tell(api: Api, out: Output, deployment: dict[str, Any]) -> None:
    try:
        jobs = api.get(f"deployments/{deployment['id']}/jobs/", page_size=1)["results"]
    except CommandError:
        jobs = []
    out.progress(words_of(jobs[0]) if jobs else f"{deployment['name']}: {deployment['state']}")
