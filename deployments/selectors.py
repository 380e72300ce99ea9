"""Loading a deployment is authorising: through the tenant of the signed-in member, or not at all."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Prefetch, QuerySet, Subquery
from django.http import Http404

from deployments.models import Deployment, Job, JobState, Region
from deployments.sizes import get_size
from fhirserver import partitions
from fhirserver.partitions import Partition
from portal.access import check_mfa, list_open_memberships, missing_role
from portal.models import Membership, Role, Tenant, User

LONG_COUNT_SECONDS = 0.05
COUNTS_KEPT = 30
LONGEST_KEPT_SECONDS = 300.0

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class HasRole(TypedDict):
    """What a deployment carries when it was loaded for someone: that user's role in its tenant."""

    role: int


def _with_role(user: User) -> "QuerySet[WithAnnotations[Deployment, HasRole]]":
    """The deployments of the user's tenants, each with the user's role there as `role`."""
    own = Membership.objects.filter(tenant=OuterRef("tenant"), user=user)
    return (
        Deployment.objects.filter(tenant__memberships__user=user, tenant__deleted__isnull=True)
        .annotate(role=Subquery(own.values("role")[:1]))
        .select_related("tenant", "region")
    )


def get_deployment_for(
    user: User | AnonymousUser, deployment_id: str, role: Role
) -> "WithAnnotations[Deployment, HasRole]":
    """The deployment, if the user has at least that role in its tenant.

    A stranger gets Http404, so that nobody learns which ids exist; too small a role gets PermissionDenied.
    """
    if not isinstance(user, User):
        raise Http404
    deployment = _with_role(user).filter(pk=deployment_id).first()
    if deployment is None:
        raise Http404
    check_mfa(user, deployment.tenant)
    if deployment.role < role:
        raise PermissionDenied(missing_role(deployment.tenant, role, Role(deployment.role)))
    return deployment


def list_deployments_for(
    user: User, tenant: Tenant | None = None
) -> "QuerySet[WithAnnotations[Deployment, HasRole]]":
    """The deployments a user may see, newest first, of one tenant or of all of the user's."""
    deployments = _with_role(user).filter(tenant__in=list_open_memberships(user).values("tenant"))
    return deployments.filter(tenant=tenant) if tenant else deployments


def with_open_jobs(
    deployments: "QuerySet[WithAnnotations[Deployment, HasRole]]",
) -> "QuerySet[WithAnnotations[Deployment, HasRole]]":
    """The same, each with its unfinished jobs as the list `open_jobs`, newest first."""
    open_jobs = Job.objects.filter(state__in=[JobState.QUEUED, JobState.RUNNING])
    return deployments.prefetch_related(Prefetch("jobs", open_jobs, to_attr="open_jobs"))


def get_deployment(deployment_id: str) -> Deployment | None:
    """Without authorisation: for the gateway, whose credentials decide, and for workers."""
    return Deployment.objects.select_related("region", "tenant").filter(pk=deployment_id).first()


def tenant_of_deployment(deployment_id: str) -> int | None:
    """The primary key of its tenant. Without authorisation: the shell shows only tenants of the person."""
    return Deployment.objects.filter(pk=deployment_id).values_list("tenant", flat=True).first()


def list_open_regions() -> QuerySet[Region]:
    """Those that take new deployments."""
    return Region.objects.filter(enabled=True, closed=False)


def list_jobs(deployment: Deployment) -> QuerySet[Job]:
    return deployment.jobs.select_related("requested_by")


def get_job(deployment: Deployment, job_id: int) -> Job:
    """Raises Http404 for a job of another deployment."""
    job = deployment.jobs.filter(pk=job_id).first()
    if job is None:
        raise Http404
    return job


def is_taken(deployment: Deployment, upload: str) -> bool:
    """Whether a job was begun that loads this upload."""
    return deployment.jobs.filter(arguments__upload=upload).exists()


@dataclass(frozen=True)
class Use:
    """How much of a deployment's room is taken."""

    resources: int
    limit: int

    @property
    def percent(self) -> int:
        return min(100, round(100 * self.resources / self.limit))


def get_use(deployment: Deployment) -> Use:
    """What is stored, against what the size allows; as old as `count_by_type`."""
    limit = get_size(deployment.size).stored_resources
    return Use(sum(_counts(deployment).values()), limit)


def count_by_type(deployment: Deployment) -> list[tuple[str, int]]:
    """How many resources of each type are stored, most first.

    Counting walks the partition. Where that takes long, a count is kept for COUNTS_KEPT times as long, and until a job
    changed the data.
    """
    return sorted(_counts(deployment).items(), key=lambda pair: (-pair[1], pair[0]))


def forget_counts(deployment: Deployment) -> None:
    cache.delete(_counts_key(deployment))


def _counts_key(deployment: Deployment) -> str:
    return f"deployments:counts:{deployment.pk}"


def _counts(deployment: Deployment) -> dict[str, int]:
    if deployment.partition is None:
        return {}
    kept: dict[str, int] | None = cache.get(_counts_key(deployment))
    if kept is not None:
        return kept
    began = time.perf_counter()
    counts = partitions.counts_by_type(Partition(deployment.region.database, deployment.partition))
    took = time.perf_counter() - began
    if took > LONG_COUNT_SECONDS:
        cache.set(_counts_key(deployment), counts, min(took * COUNTS_KEPT, LONGEST_KEPT_SECONDS))
    return counts
