"""Files that come in and go out: where they lie, and which of their lines are bad."""

import re
import secrets
import shutil
import time
import uuid
from collections.abc import Iterable
from pathlib import Path

import msgspec
from django.conf import settings

from deployments.import_files import Line, Resource
from deployments.models import Deployment, Job

MOST_ERRORS = 10_000
KEEP_SECONDS = 24 * 3600
UPLOAD_NAME = re.compile(r"upload-[0-9a-f]{16}")


def directory_of(deployment: Deployment) -> Path:
    """Where this deployment's files lie. Ids are ours, so nothing typed by anybody is in a path."""
    path = Path(settings.TRANSFER_DIR) / deployment.pk
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def job_directory(job: Job) -> Path:
    path = directory_of(job.deployment) / f"job-{job.pk}"
    path.mkdir(exist_ok=True, mode=0o700)
    return path


def forget(deployment: Deployment) -> None:
    shutil.rmtree(Path(settings.TRANSFER_DIR) / deployment.pk, ignore_errors=True)


def keep_upload(deployment: Deployment, chunks: Iterable[bytes]) -> str:
    """Write an upload to disk as it comes, and return the name under which it lies."""
    name = f"upload-{secrets.token_hex(8)}"
    path = directory_of(deployment) / name
    try:
        with path.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
    except BaseException:
        # Half an upload that nobody knows by name would only take room from others.
        path.unlink(missing_ok=True)
        raise
    return name


def with_id(line: Line, job: Job) -> Resource:
    """The resource with an id that is the same each time the job runs."""
    if "id" not in line.resource:
        line.resource["id"] = str(
            uuid.uuid5(uuid.NAMESPACE_OID, f"{job.deployment_id}/{job.pk}/{line.number}")
        )
    return line.resource


class ErrorFile:
    """The per-line errors of a job, as NDJSON that can be downloaded: {"line", "path", "problem"}."""

    def __init__(self, job: Job) -> None:
        self.path = job_directory(job) / "errors.ndjson"
        self.count = 0
        self._file = self.path.open("wb")

    def add(self, line: int, problem: str, path: str = "") -> None:
        self.count += 1
        if self.count <= MOST_ERRORS:
            self._file.write(msgspec.json.encode({"line": line, "path": path, "problem": problem}) + b"\n")

    def close(self) -> None:
        self._file.close()
        if not self.count:
            self.path.unlink()


# -- uploads in parts: each part says where it begins, so that a broken upload goes on where it stopped -----------------


class WrongOffset(Exception):
    """The part does not begin where the file ends; `expected` is where it does."""

    def __init__(self, expected: int) -> None:
        super().__init__(expected)
        self.expected = expected


def _upload_path(deployment: Deployment, name: str) -> Path | None:
    """Only names that we gave: 16 hexadecimal digits."""
    if not UPLOAD_NAME.fullmatch(name):
        return None
    path = directory_of(deployment) / name
    return path if path.is_file() else None


def has_upload(deployment: Deployment, name: str) -> bool:
    return _upload_path(deployment, name) is not None


def forget_upload(deployment: Deployment, name: str) -> None:
    if path := _upload_path(deployment, name):
        path.unlink()


def begin_upload(deployment: Deployment) -> str:
    return keep_upload(deployment, ())


def received(deployment: Deployment, name: str) -> int | None:
    """How many bytes have come, or None for an unknown upload."""
    path = _upload_path(deployment, name)
    return path.stat().st_size if path else None


def append(deployment: Deployment, name: str, offset: int, chunks: Iterable[bytes]) -> int:
    """Add a part and return the new size. Raises WrongOffset; an unknown name is a KeyError."""
    path = _upload_path(deployment, name)
    if path is None:
        raise KeyError(name)
    with path.open("ab") as file:
        if file.tell() != offset:
            raise WrongOffset(file.tell())
        for chunk in chunks:
            file.write(chunk)
        return file.tell()


def forget_old() -> None:
    """Delete uploads, exports and error files of yesterday."""
    oldest = time.time() - KEEP_SECONDS
    for path in Path(settings.TRANSFER_DIR).glob("*/*"):
        if path.stat().st_mtime < oldest:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
