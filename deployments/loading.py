"""Puts NDJSON into a deployment's partition, with progress. Resources keep the ids they come with."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from deployments import quantities
from deployments.jobs import JobFault, Progress
from deployments.models import Deployment
from fhirserver.partitions import Partition
from fhirspec.json import decode_object

REPORT_EVERY = 50


def partition_of(deployment: Deployment) -> Partition:
    """The deployment's part of its region's store. Raises JobFault before it is reserved."""
    if deployment.partition is None:
        raise JobFault("The deployment has no storage yet.")
    return Partition(deployment.region.database, deployment.partition)


def _read(path: Path, progress: Progress, total: int) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            yield decode_object(line)
            if number % REPORT_EVERY == 0:
                progress.report(number, max(total, number), quantities.of(number, total, "resource"))


def load_file(progress: Progress, partition: Partition, path: Path, total: int) -> None:
    """Load one file of our own making; loading it again changes nothing."""
    loaded = import_module("fhirserver.bulk").load(partition, _read(path, progress, total))
    progress.report(loaded, loaded, quantities.count(loaded, "resource"))
