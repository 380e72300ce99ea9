"""How an uploaded file is read: NDJSON, one document or a Bundle, each perhaps compressed by gzip. Memory stays flat for NDJSON.

What is wrong with a line is that line's; what is wrong with the file as a whole is Unreadable.
"""

import gzip
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from fhirserver.store import rid_of
from fhirspec.json import MalformedJson, decode_object

LARGEST_DOCUMENT = 64 * 1024 * 1024
LARGEST_LINE = 16 * 1024 * 1024
PLACE_EVERY = 100
BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
_UTF_16 = "The file is in UTF-16. Save it as UTF-8 and send it again."
_PACKED = "The file is compressed by something else than gzip. Unpack it, or compress it with gzip."
# How files begin that are something else; without a mark at its beginning UTF-16 shows in the first brace.
_FOREIGN = {
    **dict.fromkeys((b"\xff\xfe", b"\xfe\xff", b"{\x00", b"\x00{"), _UTF_16),
    **dict.fromkeys((b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf"), _PACKED),
    b"<": "The file is XML or HTML. Send FHIR as JSON: a Bundle, or NDJSON with one resource a line.",
    b"PK\x03\x04": "The file is a ZIP archive. Unpack it and send the files in it, or compress one with gzip.",
}
_LIST = (
    "The file is a list. Send a Bundle instead, or NDJSON: one resource a line, without brackets and commas."
)
_CUT_OFF = "The compressed file ends here in the middle: it was cut off. Send it again."
_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error)

Resource = dict[str, Any]


class Line(NamedTuple):
    """One resource of a file: its line (or its place in a Bundle) counted from 1, and what is wrong with it if it cannot be read."""

    number: int
    resource: Resource
    problem: str = ""


class Unreadable(Exception):
    """The file as a whole cannot be used; the text says why and what would work."""


class Ids:
    """Where in a file each resource's id came first, on disk when there are many."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("CREATE TABLE first (rid integer PRIMARY KEY, line integer)")
        self._database.execute("BEGIN")

    def first(self, line: Line) -> int:
        """The line that has this resource's type and id first: itself, if no earlier one."""
        logical_id = line.resource.get("id")
        if not isinstance(logical_id, str):
            return line.number
        rid = rid_of(str(line.resource.get("resourceType")), logical_id)
        self._database.execute("INSERT OR IGNORE INTO first VALUES (?, ?)", (rid, line.number))
        return int(self._database.execute("SELECT line FROM first WHERE rid = ?", (rid,)).fetchone()[0])


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        start = file.read(8)
    for mark, text in _FOREIGN.items():
        if start.removeprefix(BOM).startswith(mark):
            raise Unreadable(text)
    return cast(BinaryIO, gzip.open(path)) if start.startswith(_GZIP) else path.open("rb")


def _first_line(path: Path) -> tuple[bytes, bool]:
    """The first line that is not blank, and whether anything follows it."""
    with _opened(path) as file:
        first = b""
        while not first:
            line = file.readline(LARGEST_LINE)
            if not line:
                raise Unreadable("The file is empty.")
            first = line.removeprefix(BOM).strip()
        return first, bool(file.read(1024).strip())


def read_document(path: Path) -> Resource | None:
    """The one JSON document that the file is, or None when it is NDJSON. Raises Unreadable."""
    try:
        return _document(path)
    except _DAMAGED as error:
        raise Unreadable("The compressed file cannot be unpacked: it is damaged or was cut off.") from error


def _not_utf8(text: bytes) -> str:
    """Where a text in another encoding gives itself away; empty for UTF-8."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return f"The file is not in UTF-8 (byte {error.start + 1:,}). Save it as UTF-8 and send it again."
    return ""


def _document(path: Path) -> Resource | None:
    first, more = _first_line(path)
    try:
        resource = decode_object(first)
    except MalformedJson as error:
        if first.startswith(b"["):
            raise Unreadable(_LIST) from None
        if not more and len(first) < LARGEST_LINE:
            raise Unreadable(
                _not_utf8(first) or f"The file is not JSON, or it was cut off: {error}."
            ) from None
    else:
        return None if more else resource
    with _opened(path) as file:
        whole = file.read(LARGEST_DOCUMENT + 1)
    if len(whole) > LARGEST_DOCUMENT:
        if first == b"{":
            raise Unreadable(
                "A JSON document may have 64 MB. Send larger data as NDJSON: one resource a line."
            )
        return None
    try:
        return decode_object(whole.removeprefix(BOM))
    except MalformedJson as error:
        if first == b"{":
            raise Unreadable(f"The JSON cannot be read: {error}") from error
        return None  # a bad first line of NDJSON is that line's fault


class Place:
    """How much of a file was read, as a share of its bytes as they lie on disk."""

    def __init__(self) -> None:
        self.share = 0.0

    def note(self, file: BinaryIO, size: int) -> None:
        on_disk = getattr(file, "fileobj", None) or file  # what lies under a file that is unpacked
        self.share = min(1.0, on_disk.tell() / size) if size else 0.0


def lines_of(path: Path, place: Place | None = None) -> Iterator[Line]:
    """The resources of an NDJSON file, blank lines left out; a line that cannot be read has a problem."""
    number, size = 0, path.stat().st_size
    try:
        with _opened(path) as file:
            for number, text in enumerate(_texts(file), start=1):
                if place is not None and number % PLACE_EVERY == 0:
                    place.note(file, size)
                stripped = text.removeprefix(BOM).strip()
                if stripped:
                    yield _line(number, stripped)
    except _DAMAGED:
        yield Line(number + 1, {}, _CUT_OFF)


def _texts(file: BinaryIO) -> Iterator[bytes]:
    """Line by line; of one that is too long only the beginning is kept."""
    while text := file.readline(LARGEST_LINE + 2):
        rest = text
        while len(rest) == LARGEST_LINE + 2 and not rest.endswith(b"\n"):
            rest = file.readline(LARGEST_LINE + 2)
        yield text


def _line(number: int, text: bytes) -> Line:
    if len(text) > LARGEST_LINE:
        return Line(number, {}, "The line is longer than 16 MB.")
    try:
        return Line(number, decode_object(text))
    except MalformedJson as error:
        # It is the file's line that counts, not that of the text within it.
        return Line(number, {}, str(error).replace("(line 1, column ", "(column "))


def entries_of(bundle: Resource) -> Iterator[Line]:
    """The resources of a Bundle that is not to be executed (collection, searchset, document …)."""
    for number, entry in enumerate(bundle.get("entry") or [], start=1):
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield Line(number, resource)
        else:
            yield Line(number, {}, "The entry holds no resource.")
