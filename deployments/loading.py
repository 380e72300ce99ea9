"""Puts NDJSON into a deployment's partition, with progress. Resources keep the ids they come with."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from deployments import quantities
from deployments.endpoint import fhir_base
from deployments.jobs import JobFault, Progress
from deployments.models import Deployment, Job
from fhirserver import bulk
from fhirserver.once import forget_answers
from fhirserver.partitions import Partition
from fhirserver.resuming import Mark, keep_mark, mark_of
from fhirspec.json import decode_object


def partition_of(deployment: Deployment) -> Partition:
    """The deployment's part of its region's store. Raises JobFault before it is reserved."""
    if deployment.partition is None:
        raise JobFault("The deployment has no storage yet.")
    return Partition(deployment.region.database, deployment.partition, fhir_base(deployment))


def load_name(job: Job) -> str:
    """Under which the region's store keeps how far a job's load is."""
    return f"load {job.deployment_id}/{job.pk}"


def forget_mark(job: Job) -> None:
    """The load is noted in the job as done: nobody will go on with it."""
    if job.deployment.partition is not None:
        forget_answers(partition_of(job.deployment), load_name(job))


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for line in lines:
            yield decode_object(line)


def load_file(progress: Progress, partition: Partition, path: Path, total: int) -> None:
    """Load one file of our own making. A worker that took the job over begins after what the one before it stored."""
    name = load_name(progress.job)
    before = mark_of(partition, name).stored

    def report(done: int) -> None:
        progress.report(
            before + done, max(total, before + done), quantities.of(before + done, total, "resource")
        )

    def note(stored: int) -> None:
        keep_mark(partition, name, Mark(before + stored, before + stored))

    loaded = before + bulk.load(partition, islice(_read(path), before, None), report=report, note=note)
    progress.report(loaded, loaded, quantities.count(loaded, "resource"))
