"""What can be done to a deployment's implementation guides, and what there is of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from deployments import guide_jobs, jobs, transfers
from deployments.endpoint import fhir_base
from deployments.models import Deployment, Job, JobState, State
from fhirserver.guides.guide import Guide
from fhirserver.guides.install import check_writes, missing_dependencies
from fhirserver.guides.memory import Guides, Writes, guides_of
from fhirserver.partitions import Partition
from fhirserver.profiles import MustSupport, must_support_in
from fhirspec.package import MAX_PACKED_BYTES
from portal import audit
from portal.models import User

OPEN = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class ShownGuide:
    """An installed guide as its page shows it. `missing`: packages it builds on that are not here, name to version."""

    guide: Guide
    missing: dict[str, str]

    @property
    def installed(self) -> datetime:
        return datetime.fromtimestamp(self.guide.installed / 1_000_000, UTC)

    @property
    def profiles(self) -> int:
        return sum(len(urls) for urls in self.guide.profiles.values())

    @property
    def counts(self) -> list[tuple[str, int]]:
        """What it brought, by resource type."""
        kinds = sorted({one.type for one in self.guide.resources})
        return [(kind, self.guide.count(kind)) for kind in kinds]


@dataclass(frozen=True)
class ShownGuides:
    """`is_embedded` False: the deployment's data, and its guides, are somewhere else. `unready`: types that are still being indexed."""

    is_embedded: bool
    writes: Writes = Writes.OFF
    guides: list[ShownGuide] = field(default_factory=list)
    unready: list[str] = field(default_factory=list)


def get_guides(deployment: Deployment) -> ShownGuides:
    if deployment.partition is None:
        return ShownGuides(is_embedded=not deployment.upstream)
    held = _held(deployment)
    shown = [ShownGuide(one, missing_dependencies(one, held)) for one in held.installed]
    return ShownGuides(True, held.writes, shown, sorted(held.unready))


def must_support_of(deployment: Deployment, resource_type: str) -> list[MustSupport]:
    """What the deployment's profiles ask systems to support on a type; nothing where its data is somewhere else."""
    return [] if deployment.partition is None else must_support_in(_partition(deployment), resource_type)


def install_guide(deployment: Deployment, chunks: Iterable[bytes], filename: str, *, by: User) -> Job:
    """Keep an uploaded package and install it. Raises ValidationError, after which nothing is kept."""
    upload = transfers.keep_upload(deployment, chunks)
    try:
        return install_upload(deployment, upload, filename, by=by)
    except ValidationError:
        transfers.forget_upload(deployment, upload)
        raise


def install_upload(deployment: Deployment, upload: str, filename: str, *, by: User) -> Job:
    """Install a package that was uploaded before, by the name it lies under. Raises ValidationError."""
    size = transfers.received(deployment, upload)
    if size is None:
        raise ValidationError("Choose a package: a .tgz file.")
    if size > MAX_PACKED_BYTES:
        raise ValidationError(f"A package may have {MAX_PACKED_BYTES // 1024**2} MB.")
    return _start(guide_jobs.INSTALL, deployment, by, {"upload": upload, "filename": filename[:200]})


def remove_guide(deployment: Deployment, name: str, *, by: User) -> Job:
    """Raises ValidationError."""
    if name not in {one.guide.name for one in get_guides(deployment).guides}:
        raise ValidationError("This guide is not installed.")
    return _start(guide_jobs.REMOVE, deployment, by, {"guide": name})


def index_again(deployment: Deployment, *, by: User) -> Job:
    """Finish an indexing that was cancelled or failed. Raises ValidationError."""
    return _start(guide_jobs.INDEX, deployment, by, {})


def change_writes(deployment: Deployment, writes: str, *, by: User) -> None:
    """Say which profiles writes must meet: `off`, `declared` or `enforced`. Raises ValidationError."""
    if writes not in set(Writes) or deployment.partition is None:
        raise ValidationError("Choose one of the settings.")
    before = get_guides(deployment).writes
    check_writes(_partition(deployment), Writes(writes))
    audit.record(
        "guide.writes_changed",
        tenant=deployment.tenant,
        actor=by,
        target=str(deployment),
        before={"profiles on writes": before.value},
        after={"profiles on writes": writes},
    )


@transaction.atomic
def _start(kind: str, deployment: Deployment, by: User, arguments: dict[str, object]) -> Job:
    """One job at a time works on the guides of a deployment."""
    locked = Deployment.objects.select_for_update().get(pk=deployment.pk)
    if locked.state != State.RUNNING or locked.partition is None:
        raise ValidationError("The deployment has to be running for this: start it first.")
    if locked.jobs.filter(kind__in=guide_jobs.GUIDE_KINDS, state__in=OPEN).exists():
        raise ValidationError("Another guide is being worked on. Wait until that is done, or cancel it.")
    job = jobs.start(kind, deployment, by, arguments)
    said = {name: value for name, value in arguments.items() if name != "upload"}
    audit.record(
        kind.replace("-", "."), tenant=deployment.tenant, actor=by, target=str(deployment), after=said
    )
    return job


def _partition(deployment: Deployment) -> Partition:
    assert deployment.partition is not None  # noqa: S101 (both callers have looked)
    return Partition(deployment.region.database, deployment.partition, fhir_base(deployment))


def _held(deployment: Deployment) -> Guides:
    return guides_of(_partition(deployment))
