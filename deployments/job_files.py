"""The files that a job of the Data tab leaves for a day: an export's resources by type, an import's errors by line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deployments import transfers
from deployments.data_jobs import DATA_KINDS
from deployments.models import Job

ERRORS = "errors"
_PIECE = 256 * 1024


@dataclass(frozen=True)
class JobFile:
    """`name` is a resource type, or ERRORS; `lines` how many the NDJSON has."""

    name: str
    lines: int
    bytes: int


def _written(job: Job) -> dict[str, int]:
    """Each file that the job wrote, with its lines. Exports by Bulk Data are open to the client alone that asked for them."""
    if job.kind not in DATA_KINDS:
        return {}
    exported = {str(file["type"]): int(file["count"]) for file in job.result.get("files", [])}
    return exported | {ERRORS: min(int(job.result.get("errors") or 0), transfers.MOST_ERRORS)}


def list_files(job: Job) -> list[JobFile]:
    """What is still there of what the job wrote."""
    found = ((name, lines, path_of(job, name)) for name, lines in _written(job).items())
    return [JobFile(name, lines, path.stat().st_size) for name, lines, path in found if path]


def content_type_of(name: str) -> str:
    return "application/x-ndjson" if name == ERRORS else "application/fhir+ndjson"


def pieces_of(path: Path) -> Iterator[bytes]:
    """The file's content; it is closed with its last piece."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def path_of(job: Job, name: str) -> Path | None:
    """The file of that name: one that the job wrote, never a path that somebody typed."""
    if name not in _written(job):
        return None
    path = transfers.job_directory(job) / f"{name}.ndjson"
    return path if path.is_file() else None
