"""Bulk Data exports as jobs: kept with what the caller may see, written as files, open to the same caller only.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html
"""

import dataclasses
import hmac
import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from deployments import jobs, quantities, transfers
from deployments.data_jobs import DATA_KINDS
from deployments.jobs import JobCancelled, JobFault, Kind, LeaseLost, Progress, Step, register_kind
from deployments.loading import partition_of
from deployments.models import Deployment, Job, JobState
from deployments.sizes import get_size
from fhirserver.access import AccessGrant, Permission
from fhirserver.operations.export import Export, ExportRequest
from fhirserver.operations.export_cut import wait_for_writes
from fhirserver.outcomes import FhirError, Issue, outcome_bytes

BULK_EXPORT = "bulk-export"
REPORT_EVERY = 500
DELETED, MESSAGES = "deleted.ndjson", "messages.ndjson"
FILE_LISTS = ("files", "deleted", "messages")
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
    tuples = {name: tuple(kept[name]) for name in ("types", "patients")}
    return ExportRequest(**{**kept, **tuples, "elements": frozenset(kept["elements"])})


@transaction.atomic
def start_export(
    deployment_id: str,
    export: ExportRequest,
    grant: AccessGrant,
    *,
    owner: str,
    request_url: str,
    ignored: Sequence[str] = (),
) -> Job:
    """Queue an export. `owner` names the credential, and only it may ask for the files; `ignored`: what a lenient client asked for in
    vain. Raises TooManyExports."""
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
        "ignored": list(ignored),
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
    if job.finished is not None and expires(job) < timezone.now():
        return None
    return job if job.arguments["grant"] == grant_as_json(grant) else None


def forget_export(job: Job) -> None:
    """Stop it if it runs, and delete its files. It is not found afterwards."""
    if job.is_open:
        jobs.cancel(job)
    shutil.rmtree(transfers.job_directory(job), ignore_errors=True)
    job.delete()


def expires(job: Job) -> datetime:
    """When the files are deleted."""
    return (job.finished or timezone.now()) + KEPT


def file_of(job: Job, name: str) -> Path | None:
    """A file of a finished export by the name in its manifest."""
    if name not in {file["name"] for kind in FILE_LISTS for file in job.result.get(kind, [])}:
        return None
    path = transfers.job_directory(job) / name
    return path if path.is_file() else None


class _Files:
    """The files of one export, written line by line with progress; a file without lines is not kept."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._directory = transfers.job_directory(progress.job)
        self.done = 0

    def write(self, resource_type: str, name: str, lines: Iterable[bytes]) -> list[dict[str, Any]]:
        """The file's entry in the result, or nothing."""
        path = self._directory / name
        before = self.done
        with path.open("wb") as file:
            for line in lines:
                file.write(line + b"\n")
                self.done += 1
                if self.done % REPORT_EVERY == 0:
                    self._progress.report(self.done, None, quantities.count(self.done, "resource"))
        if self.done > before:
            return [{"type": resource_type, "name": name, "count": self.done - before}]
        path.unlink()
        return []


def _write(progress: Progress) -> None:
    job = progress.job
    asked = _export_from_json(job.arguments["export"])
    # What is written after the transaction time belongs to the next export.
    at = datetime.fromisoformat(job.arguments["transaction_time"]).astimezone(UTC)
    until = int(at.timestamp() * 1_000_000) + 1000
    asked = dataclasses.replace(asked, until=min(until, asked.until or until))
    partition = partition_of(job.deployment)
    export = Export(partition, grant_from_json(job.arguments["grant"]), asked)
    try:
        wait_for_writes(
            partition.region,
            until,
            settings.EXPORT_SETTLE_SECONDS,
            lambda: progress.report(0, None, "Waiting for writes that are under way"),
        )
        files = _Files(progress)
        output = [
            file
            for name in export.types()
            for file in files.write(name, f"{name}.ndjson", export.lines(name))
        ]
        exported = files.done
        deleted = files.write("Bundle", DELETED, export.deletions())
        ignored = [_ignored(text) for text in job.arguments["ignored"]]
        messages = files.write("OperationOutcome", MESSAGES, ignored)
    except FhirError as error:
        raise JobFault(str(error)) from error
    except (LeaseLost, JobCancelled):
        _forget_files_unless_kept(job)
        raise
    except OSError:
        # On a full disk half an export would only take room from what others write. It begins again when there is some.
        shutil.rmtree(transfers.job_directory(job), ignore_errors=True)
        raise
    job.result = {"files": output, "deleted": deleted, "messages": messages}
    progress.report(exported, exported, quantities.count(exported, "resource"))


def _ignored(text: str) -> bytes:
    return outcome_bytes(Issue("not-supported", f"Ignored: {text}", severity="warning"))


def _forget_files_unless_kept(job: Job) -> None:
    """The client deleted the export while this worker wrote it."""
    if not Job.objects.filter(pk=job.pk).exists():
        shutil.rmtree(transfers.job_directory(job), ignore_errors=True)


def register() -> None:
    """Make the kind known; called when the app is ready."""
    register_kind(Kind(BULK_EXPORT, "Bulk Data export", (Step("export", "Write the files", _write),)))
