"""Puts NDJSON into a deployment's partition, with progress. Resources keep the ids they come with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deployments import quantities
from deployments.endpoint import fhir_base
from deployments.jobs import JobFault, Progress
from deployments.models import Deployment
from fhirserver import bulk
from fhirserver.partitions import Partition
from fhirspec.json import decode_object


def partition_of(deployment: Deployment) -> Partition:
    """The deployment's part of its region's store. Raises JobFault before it is reserved."""
    if deployment.partition is None:
        raise JobFault("The deployment has no storage yet.")
    return Partition(deployment.region.database, deployment.partition, fhir_base(deployment))


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for line in lines:
            yield decode_object(line)


def load_file(progress: Progress, partition: Partition, path: Path, total: int) -> None:
    """Load one file of our own making; loading it again changes nothing."""

    def report(done: int) -> None:
        progress.report(done, max(total, done), quantities.of(done, total, "resource"))

    loaded = bulk.load(partition, _read(path), report=report)
    progress.report(loaded, loaded, quantities.count(loaded, "resource"))
