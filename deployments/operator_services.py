"""What an operator does to regions and jobs, whichever tenant they belong to; each is written down with no tenant or with the job's."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.forms import BaseModelFormSet, model_to_dict, modelformset_factory

from deployments import jobs, services
from deployments.data_jobs import DATA_KINDS
from deployments.guide_jobs import GUIDE_KINDS
from deployments.models import Job, JobState, Region, State
from portal import audit
from portal.models import User

_EDITED = ["title", "provider", "closed"]


def region_forms(data: Any = None) -> "BaseModelFormSet[Any, Any]":
    """One form a region; which there are, and their databases, says FIRESIDE_REGIONS."""
    made = modelformset_factory(Region, fields=_EDITED, extra=0)
    return made(data, queryset=Region.objects.order_by("name"))


@transaction.atomic
def change_regions(forms: "BaseModelFormSet[Any, Any]", *, actor: User) -> None:
    """Save valid forms; each changed region is an audit event with the values before and after."""
    before = {region.pk: model_to_dict(region, _EDITED) for region in Region.objects.all()}
    for region in forms.save():
        audit.record(
            "operator.region_changed",
            tenant=None,
            actor=actor,
            target=region.name,
            before=before[region.pk],
            after=model_to_dict(region, _EDITED),
        )


def list_all_jobs(state: str = "") -> QuerySet[Job]:
    """Of all deployments, newest first; of one state, where it is one."""
    found = Job.objects.select_related("deployment__tenant", "requested_by").order_by("-created", "-pk")
    return found.filter(state=state) if state in JobState.values else found


def may_retry(job: Job) -> bool:
    """Work on data and guides always; work on the deployment itself only while it waits for that."""
    if job.state not in (JobState.FAILED, JobState.CANCELLED):
        return False
    return job.kind in (*DATA_KINDS, *GUIDE_KINDS) or job.deployment.state == State.FAILED


@transaction.atomic
def cancel_job(job: Job, *, actor: User) -> None:
    """Raises jobs.NotAllowed."""
    jobs.cancel(job)
    _note("cancelled", job, actor)


@transaction.atomic
def retry_job(job: Job, *, actor: User) -> None:
    """Raises jobs.NotAllowed, and lifecycle.NotAllowed where the deployment moved on."""
    if not may_retry(job):
        raise jobs.NotAllowed("This job cannot be tried again.")
    if job.kind in (*DATA_KINDS, *GUIDE_KINDS):
        jobs.retry(job)
    else:
        services.retry_deployment(job.deployment, by=actor)
    _note("retried", job, actor)


def _note(change: str, job: Job, actor: User) -> None:
    audit.record(
        f"operator.job_{change}",
        tenant=job.deployment.tenant,
        actor=actor,
        target=f"{job.deployment}: {jobs.get_kind(job.kind).title}",
    )
