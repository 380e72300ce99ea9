"""Files that come in and go out: where they lie, how they are read, which of their lines are bad."""

import re
import secrets
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from django.conf import settings

from deployments.models import Deployment, Job
from fhirspec.json import MalformedJson, decode_object

LARGEST_DOCUMENT = 64 * 1024 * 1024
LARGEST_LINE = 16 * 1024 * 1024
MOST_ERRORS = 10_000
KEEP_SECONDS = 24 * 3600
UPLOAD_NAME = re.compile(r"upload-[0-9a-f]{16}")
BOM = b"\xef\xbb\xbf"

Resource = dict[str, Any]


class Line(NamedTuple):
    """One resource of a file: its line (or its place in a Bundle) counted from 1, and what is wrong with it if it cannot be read."""

    number: int
    resource: Resource
    problem: str = ""


class Unreadable(Exception):
    """The file as a whole cannot be used; the text says why and what would work."""


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
    with (directory_of(deployment) / name).open("wb") as file:
        for chunk in chunks:
            file.write(chunk)
    return name


def _first_line(path: Path) -> tuple[bytes, bool]:
    """The first line that is not blank, and whether anything follows it."""
    with path.open("rb") as file:
        first = b""
        while not first:
            line = file.readline(LARGEST_LINE)
            if not line:
                raise Unreadable("The file is empty.")
            first = line.removeprefix(BOM).strip()
        return first, bool(file.read(1024).strip())


def read_document(path: Path) -> Resource | None:
    """The one JSON document that the file is, or None when it is NDJSON. Raises Unreadable."""
    first, more = _first_line(path)
    try:
        resource = decode_object(first)
    except MalformedJson:
        if not more:
            raise Unreadable("The file is not JSON, or it was cut off.") from None
    else:
        return None if more else resource
    if path.stat().st_size > LARGEST_DOCUMENT:
        raise Unreadable("A JSON document may have 64 MB. Send larger data as NDJSON: one resource a line.")
    try:
        return decode_object(path.read_bytes().removeprefix(BOM))
    except MalformedJson as error:
        if first.startswith((b"{\n", b"[")) or first == b"{":
            raise Unreadable(f"The JSON cannot be read: {error}") from error
        return None  # a bad first line of NDJSON is that line's fault


def lines_of(path: Path) -> Iterator[Line]:
    """The resources of an NDJSON file, blank lines left out; a line that cannot be read has a problem."""
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            stripped = text.removeprefix(BOM).strip()
            if stripped:
                yield _line(number, stripped)


def _line(number: int, text: bytes) -> Line:
    if len(text) > LARGEST_LINE:
        return Line(number, {}, "The line is longer than 16 MB.")
    try:
        return Line(number, decode_object(text))
    except MalformedJson as error:
        return Line(number, {}, str(error))


def entries_of(bundle: Resource) -> Iterator[Line]:
    """The resources of a Bundle that is not to be executed (collection, searchset, document …)."""
    for number, entry in enumerate(bundle.get("entry") or [], start=1):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield Line(number, resource)
        else:
            yield Line(number, {}, "The entry holds no resource.")


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
