"""What can be done to a deployment's data. Each is a job; how many run at a time depends on the size."""

from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction

from deployments import data_jobs, jobs, transfers
from deployments.models import Deployment, Job, JobState, State
from deployments.presets import get_preset
from deployments.selectors import get_use
from deployments.services import check_typed_name
from deployments.sizes import get_size
from portal import audit
from portal.models import User

OPEN = (JobState.QUEUED, JobState.RUNNING)


def _start(kind: str, deployment: Deployment, by: User, arguments: dict[str, object] | None = None) -> Job:
    """Raises ValidationError unless the deployment runs and has a free place for a bulk job."""
    locked = Deployment.objects.select_for_update().get(pk=deployment.pk)
    if locked.state != State.RUNNING:
        raise ValidationError("The deployment has to be running for this: start it first.")
    allowed = get_size(locked.size).bulk_jobs
    if locked.jobs.filter(kind__in=data_jobs.DATA_KINDS, state__in=OPEN).count() >= allowed:
        raise ValidationError(
            f"The size allows {allowed} bulk job{'' if allowed == 1 else 's'} at a time. Wait for the one that runs, or cancel it."
        )
    job = jobs.start(kind, deployment, by, arguments)
    audit.record(f"data.{kind}", tenant=deployment.tenant, actor=by, target=str(deployment))
    return job


@transaction.atomic
def load_preset(deployment: Deployment, code: str, *, by: User) -> Job:
    """Add a preset's resources to what is there. Raises ValidationError."""
    try:
        preset = get_preset(code)
    except KeyError as error:
        raise ValidationError("There is no such data set.") from error
    use = get_use(deployment)
    if use.resources + preset.resources > use.limit:
        raise ValidationError(f"{preset.title} does not fit: the size allows {use.limit:,} resources.")
    return _start(data_jobs.PRESET, deployment, by, {"preset": code})


@transaction.atomic
def import_upload(deployment: Deployment, upload: str, filename: str, *, skip_invalid: bool, by: User) -> Job:
    """Check and load a file that was uploaded before, by the name it lies under. Raises ValidationError."""
    if not transfers.has_upload(deployment, upload):
        raise ValidationError("Choose a file.")
    arguments = {"upload": upload, "filename": filename[:200], "skip_invalid": skip_invalid}
    return _start(data_jobs.IMPORT, deployment, by, arguments)


def import_chunks(
    deployment: Deployment, chunks: Iterable[bytes], filename: str, *, skip_invalid: bool, by: User
) -> Job:
    """Keep a file and import it. Raises ValidationError, after which nothing is kept."""
    upload = transfers.keep_upload(deployment, chunks)
    try:
        return import_upload(deployment, upload, filename, skip_invalid=skip_invalid, by=by)
    except ValidationError:
        transfers.forget_upload(deployment, upload)
        raise


@transaction.atomic
def export_data(deployment: Deployment, *, by: User) -> Job:
    """Write every resource to files that can be downloaded for a day. Raises ValidationError."""
    return _start(data_jobs.EXPORT, deployment, by)


@transaction.atomic
def clear_data(deployment: Deployment, typed_name: str, *, by: User) -> Job:
    """Delete every resource with its history. Raises ValidationError."""
    check_typed_name(deployment, typed_name)
    return _start(data_jobs.CLEAR, deployment, by)
