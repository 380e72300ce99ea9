"""The jobs of the Guides tab: install a package, remove a guide, index what is stored by the new search parameters."""

from deployments import quantities, transfers
from deployments.jobs import JobFault, Kind, Progress, Step, register_kind
from deployments.loading import partition_of
from deployments.sizes import get_size
from fhirserver import partitions
from fhirserver.guides.install import count_coming, install, uninstall
from fhirserver.outcomes import FhirError
from fhirserver.reindex import reindex
from fhirspec.package import PackageProblem

INSTALL, REMOVE, INDEX = "guide-install", "guide-remove", "guide-index"
GUIDE_KINDS = (INSTALL, REMOVE, INDEX)


def _install(progress: Progress) -> None:
    deployment = progress.job.deployment
    path = transfers.directory_of(deployment) / str(progress.job.arguments["upload"])
    if not path.exists():
        raise JobFault("The uploaded file is no longer there. Upload it again.")
    package = path.read_bytes()
    partition = partition_of(deployment)
    try:
        coming = count_coming(partition, package)
        there, limit = partitions.count_resources(partition), get_size(deployment.size).stored_resources
        if there + coming > limit:
            raise JobFault(
                f"{there:,} resources are stored and {coming:,} would come; the size allows {limit:,}. Choose a larger size."
            )
        guide = install(partition, package, progress.report)
    except (PackageProblem, FhirError) as problem:
        raise JobFault(f"{problem}. Nothing was installed.".replace("..", ".")) from problem
    progress.job.result = {"guide": guide.name, "version": guide.version}
    done = len(guide.resources)
    progress.report(done, done, f"{guide.name} {guide.version}: {quantities.count(done, 'resource')}")


def _forget_upload(progress: Progress) -> None:
    upload = str(progress.job.arguments["upload"])
    transfers.forget_upload(progress.job.deployment, upload)
    progress.report(1, 1, "The uploaded file is deleted")


def _remove(progress: Progress) -> None:
    uninstall(partition_of(progress.job.deployment), progress.job.arguments["guide"])
    progress.report(1, 1, f"{progress.job.arguments['guide']} is removed")


def _index(progress: Progress) -> None:
    def report(done: int, total: int) -> None:
        progress.report(done, total, quantities.of(done, total, "resource"))

    done = reindex(partition_of(progress.job.deployment), report)
    progress.report(done, done, f"{quantities.count(done, 'resource')} looked at")


def register() -> None:
    """Make these kinds known; called when the app is ready."""
    index = Step("index", "Index what is stored", _index)
    register_kind(
        Kind(
            INSTALL,
            "Install a guide",
            (
                Step("install", "Check the package and store its resources", _install),
                index,
                Step("forget", "Clean up", _forget_upload),
            ),
        )
    )
    register_kind(Kind(REMOVE, "Remove a guide", (Step("remove", "Remove its resources", _remove), index)))
    register_kind(Kind(INDEX, "Index again", (index,)))
