"""The jobs behind a deployment's states: create, start, stop, change the size, delete.

Each step may run twice. A deployment is RUNNING only after its endpoint answered through the gateway.
"""

import time
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from deployments import endpoint, jobs, presets, quantities, transfers
from deployments.jobs import JobFault, Kind, Progress, Step, register_kind
from deployments.lifecycle import Event, next_state
from deployments.loading import forget_mark, load_file, partition_of
from deployments.models import Deployment, Job, JobState, State
from deployments.upstream import check_health
from fhirserver import partitions
from fhirserver.clearing import drop
from portal.notifications import NoticeKind, notify

CREATE, START, STOP, RESIZE, DELETE = "create", "start", "stop", "resize", "delete"
# Web processes may remember a deployment's state for a moment.
CHECK_FOR = 5.0  # seconds
LOOK_AGAIN = 0.25  # seconds


def _reserve(progress: Progress) -> None:
    deployment = progress.job.deployment
    if deployment.upstream:
        progress.report(1, 1, f"Data stays at {deployment.upstream}")
        return
    if deployment.partition is None:
        reserved = partitions.reserve(deployment.region.database)
        Deployment.objects.filter(pk=deployment.pk, partition=None).update(partition=reserved.number)
        deployment.refresh_from_db(fields=["partition"])
    progress.report(1, 1, f"Partition {deployment.partition} of region {deployment.region.title}")


def generate_preset(progress: Progress, preset: presets.Preset) -> None:
    """Make the preset's file if the installation has none yet."""
    if not preset.patients:
        progress.report(0, 0, "Nothing to prepare")
        return
    try:
        presets.ensure_generated(
            preset, lambda done, total: progress.report(done, total, quantities.of(done, total, "patient"))
        )
    except presets.SynthesisFailed as error:
        raise JobFault(f"The synthetic patients could not be made: {error}") from error
    progress.report(preset.patients, preset.patients, f"{preset.patients} patients")


def load_preset(progress: Progress, preset: presets.Preset) -> None:
    if not preset.patients:
        progress.report(0, 0, "Nothing to load")
        return
    load_file(progress, partition_of(progress.job.deployment), preset.path, preset.resources)


def _generate(progress: Progress) -> None:
    generate_preset(progress, presets.get_preset(progress.job.deployment.preloaded_data))


def _load(progress: Progress) -> None:
    load_preset(progress, presets.get_preset(progress.job.deployment.preloaded_data))


def _until_it_holds(check: Callable[[Deployment], None], progress: Progress) -> None:
    """Try for a few seconds; then the fault is real."""
    deadline = time.monotonic() + CHECK_FOR
    while True:
        try:
            check(progress.job.deployment)
        except endpoint.EndpointFault as fault:
            if time.monotonic() > deadline:
                raise JobFault(str(fault)) from fault
            time.sleep(0.25)
        else:
            return


def _check_answers(progress: Progress) -> None:
    if progress.job.deployment.upstream:
        health = check_health(progress.job.deployment)
        if health.problem:
            raise JobFault(f"The connected server does not answer as it should. {health.problem}")
    _until_it_holds(endpoint.check_answers, progress)
    progress.report(1, 1, "/metadata answers")


def _check_refuses(progress: Progress) -> None:
    _until_it_holds(endpoint.check_refuses, progress)
    progress.report(1, 1, "The endpoint answers 503")


def _resize(progress: Progress) -> None:
    size = progress.job.arguments["size"]
    Deployment.objects.filter(pk=progress.job.deployment_id).update(size=size)


def _end_others(progress: Progress) -> None:
    """What loads, exports or indexes meanwhile would write behind the deletion's back, or miss what it deletes."""
    others = progress.job.deployment.jobs.exclude(pk=progress.job.pk)
    for other in others.filter(state__in=[JobState.QUEUED, JobState.RUNNING]):
        with suppress(jobs.NotAllowed):
            jobs.cancel(other)
    while others.filter(state=JobState.RUNNING, lease_until__gt=timezone.now()).exists():
        progress.report(0, None, "Waiting until it has stopped")
        time.sleep(LOOK_AGAIN)
    progress.report(0, None, "")


def _drop(progress: Progress) -> None:
    deployment = progress.job.deployment
    if deployment.partition is None:
        return
    partition = partition_of(deployment)
    there = partitions.count_resources(partition)

    def report(done: int) -> None:
        progress.report(done, max(done, there), f"{quantities.of(done, there, 'resource')} deleted")

    drop(partition, report)


def _succeeded(job: Job) -> None:
    deployment = Deployment.objects.select_for_update().get(pk=job.deployment_id)
    deployment.state = next_state(deployment.state, Event.SUCCEED)
    deployment.state_reason = ""
    deployment.save(update_fields=["state", "state_reason"])


def _created(job: Job) -> None:
    forget_mark(job)
    _succeeded(job)


def _failed(job: Job) -> None:
    deployment = Deployment.objects.select_for_update().get(pk=job.deployment_id)
    deployment.state = next_state(deployment.state, Event.FAIL)
    deployment.state_reason = job.error
    deployment.save(update_fields=["state", "state_reason"])
    if deployment.state == State.FAILED:
        _tell(deployment)


def _tell(deployment: Deployment) -> None:
    """In the transaction of the failure: what cannot be told is not settled either."""
    url = settings.PUBLIC_URL + reverse("deployments:overview", args=[deployment.pk])
    text = f"{deployment.name} has failed: {deployment.state_reason}\n\nTry again on its page: {url}"
    notify(
        NoticeKind.DEPLOYMENT_FAILED,
        deployment.tenant,
        f"{deployment.name} has failed",
        text,
        facts={"deployment": deployment.pk, "name": deployment.name, "reason": deployment.state_reason},
    )


def _forget(job: Job) -> None:
    """The data is gone; the deployment's row goes with its jobs and credentials."""
    transfers.forget(job.deployment)
    Deployment.objects.filter(pk=job.deployment_id).delete()


def register() -> None:
    """Make these kinds known; called when the app is ready."""
    answers = Step("check", "Check the endpoint", _check_answers)
    register_kind(
        Kind(
            CREATE,
            "Create deployment",
            (
                Step("reserve", "Reserve storage in the region", _reserve),
                Step("generate", "Prepare the preloaded data", _generate),
                Step("load", "Load the data", _load),
                answers,
            ),
            _created,
            _failed,
        )
    )
    register_kind(Kind(START, "Start deployment", (answers,), _succeeded, _failed))
    register_kind(
        Kind(
            STOP,
            "Stop deployment",
            (Step("close", "Close the endpoint", _check_refuses),),
            _succeeded,
            _failed,
        )
    )
    resize = Step("resize", "Change the limits", _resize)
    register_kind(Kind(RESIZE, "Change size", (resize, answers), _succeeded, _failed))
    register_kind(
        Kind(
            DELETE,
            "Delete deployment",
            (Step("end", "End other work", _end_others), Step("drop", "Delete the data", _drop)),
            _forget,
            _failed,
        )
    )
