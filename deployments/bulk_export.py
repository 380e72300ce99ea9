"""Bulk Data exports as jobs: kept with what the caller may see, written as files, open to the same caller only.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html
"""

import dataclasses
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from deployments import jobs, quantities, transfers
from deployments.data_jobs import DATA_KINDS
from deployments.jobs import JobFault, Kind, Progress, Step, register_kind
from deployments.loading import partition_of
from deployments.models import Deployment, Job, JobState
from deployments.sizes import get_size
from fhirserver.access import AccessGrant, Permission
from fhirserver.operations.export import ExportRequest, export_lines, exported_types
from fhirserver.outcomes import FhirError

BULK_EXPORT = "bulk-export"
REPORT_EVERY = 500
KEPT = timedelta(seconds=transfers.KEEP_SECONDS)


class TooManyExports(Exception):
    """The size's bulk jobs are all taken."""


def grant_as_json(grant: AccessGrant) -> list[dict[str, Any]]:
    """A grant as a job keeps it: the export may show what the caller could see when it was asked for."""
    return [
        {
            "resource_type": one.resource_type,
            "interactions": "".join(sorted(one.interactions)),
            "compartment": list(one.compartment) if one.compartment else None,
            "restriction": one.restriction,
        }
        for one in grant.permissions
    ]


def grant_from_json(permissions: list[dict[str, Any]]) -> AccessGrant:
    return AccessGrant(
        tuple(
            Permission(
                one["resource_type"],
                frozenset(one["interactions"]),
                (one["compartment"][0], one["compartment"][1]) if one["compartment"] else None,
                one["restriction"],
            )
            for one in permissions
        )
    )


def _export_as_json(export: ExportRequest) -> dict[str, Any]:
    kept = dataclasses.asdict(export)
    return {**kept, "types": list(export.types), "elements": sorted(export.elements)}


def _export_from_json(kept: dict[str, Any]) -> ExportRequest:
    return ExportRequest(**{**kept, "types": tuple(kept["types"]), "elements": frozenset(kept["elements"])})


@transaction.atomic
def start_export(
    deployment_id: str, export: ExportRequest, grant: AccessGrant, *, owner: str, request_url: str
) -> Job:
    """Queue an export. `owner` names the credential, and only it may ask for the files. Raises TooManyExports."""
    deployment = Deployment.objects.select_for_update().get(pk=deployment_id)
    busy = deployment.jobs.filter(
        kind__in=[*DATA_KINDS, BULK_EXPORT], state__in=[JobState.QUEUED, JobState.RUNNING]
    )
    if busy.count() >= get_size(deployment.size).bulk_jobs:
        raise TooManyExports
    arguments = {
        "export": _export_as_json(export),
        "grant": grant_as_json(grant),
        "owner": owner,
        "request": request_url,
        "transaction_time": timezone.now().isoformat(timespec="milliseconds"),
    }
    return jobs.start(BULK_EXPORT, deployment, None, arguments)


def find_export(deployment_id: str, job_id: int, *, owner: str, grant: AccessGrant) -> Job | None:
    """The export, if this caller asked for it with the same rights as now."""
    job = (
        Job.objects.select_related("deployment")
        .filter(deployment=deployment_id, pk=job_id, kind=BULK_EXPORT)
        .first()
    )
    if job is None or not hmac.compare_digest(str(job.arguments["owner"]).encode(), owner.encode()):
        return None
    return job if job.arguments["grant"] == grant_as_json(grant) else None


def forget_export(job: Job) -> None:
    """Stop it if it runs, and delete its files. It is not found afterwards."""
    if job.is_open:
        jobs.cancel(job)
    for path in transfers.job_directory(job).iterdir():
        path.unlink()
    job.delete()


def expires(job: Job) -> datetime:
    """When the files are deleted."""
    return (job.finished or timezone.now()) + KEPT


def file_of(job: Job, name: str) -> Path | None:
    """A file of a finished export by the name in its manifest."""
    if name not in {file["name"] for file in job.result.get("files", [])}:
        return None
    path = transfers.job_directory(job) / name
    return path if path.is_file() else None


def _write(progress: Progress) -> None:
    job = progress.job
    export = _export_from_json(job.arguments["export"])
    # What is written after the transaction time belongs to the next export.
    at = datetime.fromisoformat(job.arguments["transaction_time"]).astimezone(UTC)
    until = int(at.timestamp() * 1_000_000) + 1000
    export = dataclasses.replace(export, until=min(until, export.until or until))
    grant = grant_from_json(job.arguments["grant"])
    partition = partition_of(job.deployment)
    files: list[dict[str, Any]] = []
    done = 0
    try:
        for resource_type in exported_types(partition, grant, export):
            path = transfers.job_directory(job) / f"{resource_type}.ndjson"
            count = 0
            with path.open("wb") as file:
                for line in export_lines(partition, grant, export, resource_type):
                    file.write(line + b"\n")
                    count += 1
                    if (done + count) % REPORT_EVERY == 0:
                        progress.report(done + count, None, quantities.count(done + count, "resource"))
            done += count
            if count:
                files.append({"type": resource_type, "name": path.name, "count": count})
            else:
                path.unlink()
    except FhirError as error:
        raise JobFault(str(error)) from error
    job.result = {"files": files}
    progress.report(done, done, quantities.count(done, "resource"))


def register() -> None:
    """Make the kind known; called when the app is ready."""
    register_kind(Kind(BULK_EXPORT, "Bulk Data export", (Step("export", "Write the files", _write),)))
