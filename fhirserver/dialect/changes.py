"""What a write changes: versions of resources, and the rows of the index tables that differ."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from fhirserver.rows import NO_ROWS, IndexRows


class Change(NamedTuple):
    """One new version of a resource. `content` None: deleted. `was`: the index rows of the version it replaces (`version - 1`),
    None for a resource that never was. `was_rank`: the rank that those carry."""

    rid: int
    version: int
    updated: int
    rank: int
    method: str
    type: str
    logical_id: str
    content: bytes | None
    packed: bytes
    rows: IndexRows
    was: IndexRows | None
    was_rank: int


# table: (index of its list in IndexRows, its own columns with their PostgreSQL types)
INDEX_TABLES: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("fhir_posting", "postings", (("key", "int8"),)),
    ("fhir_reference", "references", (("param", "int4"), ("target", "int8"))),
    ("fhir_string", "strings", (("param", "int4"), ("value", "text"))),
    ("fhir_date", "dates", (("param", "int4"), ("low", "int8"), ("high", "int8"))),
    (
        "fhir_quantity",
        "quantities",
        (("param", "int4"), ("unit", "int8"), ("low", "float8"), ("high", "float8")),
    ),
)
RESOURCE = (
    ("rid", "int8"),
    ("version", "int4"),
    ("updated", "int8"),
    ("rank", "int8"),
    ("method", "text"),
    ("type", "text"),
    ("logical_id", "text"),
    ("content", "bytea"),
    ("postings", "bytea"),
)
RESOURCE_COLUMNS = ", ".join(name for name, _ in RESOURCE)


class Difference(NamedTuple):
    """Rows to delete and to insert in one index table, each `(own columns…, rank, rid)`."""

    table: str
    columns: tuple[tuple[str, str], ...]
    gone: list[tuple[Any, ...]]
    new: list[tuple[Any, ...]]


KEPT_IN_HISTORY = (
    "INSERT INTO fhir_history (partition, version, rid, updated, method, type, logical_id, content)"
    " SELECT partition, version, rid, updated, method, type, logical_id, content FROM fhir_resource"
)


def differences(changes: Sequence[Change], tail: tuple[int, ...] = ()) -> list[Difference]:
    """What to delete and insert in each index table; `tail` is added to every row."""
    found = []
    indexed = [one for change in changes for one in _indexed(change)]
    for table, attribute, columns in INDEX_TABLES:
        gone: list[tuple[Any, ...]] = []
        new: list[tuple[Any, ...]] = []
        single = attribute == "postings"
        for rid, rank, was_rank, rows, was in indexed:
            before = getattr(was, attribute)
            after = getattr(rows, attribute)
            if before and rank == was_rank:
                kept = set(before)
                after_set = set(after)
                before = kept - after_set
                after = after_set - kept
            end, was_end = (rank, rid, *tail), (was_rank, rid, *tail)
            if single:
                new.extend([(key, *end) for key in after])
                gone.extend([(key, *was_end) for key in before])
            else:
                new.extend([row + end for row in after])
                gone.extend([row + was_end for row in before])
        if gone or new:
            found.append(Difference(table, columns, gone, new))
    return found


def _indexed(change: Change) -> Iterator[tuple[int, int, int, IndexRows, IndexRows]]:
    """(rid, rank, rank before, rows, rows before) of the resource, and of each that it contains or contained."""
    was = change.was or NO_ROWS
    yield change.rid, change.rank, change.was_rank, change.rows, was
    if change.rows.contained or was.contained:
        now, before = dict(change.rows.contained), dict(was.contained)
        for rid in {**before, **now}:
            yield rid, change.rank, change.was_rank, now.get(rid, NO_ROWS), before.get(rid, NO_ROWS)
