"""Writing changes in bulk, where SQLite and PostgreSQL differ (docs/adr/0001, 0008): one `executemany` a table, or one statement."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from fhirserver.connection import WriteConflict, atomic, fetch, in_transaction, raw_connection
from fhirserver.rows import NO_ROWS, IndexRows
from fhirserver.statement_time import timed

BATCH = 500


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
_INDEX_TABLES: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
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
_RESOURCE = (
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
_PENDING = (("type", "text"), ("rid", "int8"), ("version", "int4"))
_RESOURCE_COLUMNS = ", ".join(name for name, _ in _RESOURCE)
# For PostgreSQL all bytes go as one parameter; the rows say where theirs lie (length -1: none).
_SLICED = (
    *_RESOURCE[:-2],
    ("content_start", "int4"),
    ("content_length", "int4"),
    ("postings_start", "int4"),
    ("postings_length", "int4"),
)


class _Difference(NamedTuple):
    """Rows to delete and to insert in one index table, each `(own columns…, rank, rid)`."""

    table: str
    columns: tuple[tuple[str, str], ...]
    gone: list[tuple[Any, ...]]
    new: list[tuple[Any, ...]]


def write(region: str, partition: int, changes: Sequence[Change]) -> None:
    """All changes or none. Raises WriteConflict when one of them is no longer next in line."""
    raw = raw_connection(region)
    if isinstance(raw, sqlite3.Connection):
        with timed(), atomic(region):
            _write_sqlite(raw, partition, changes)
    elif len(changes) <= BATCH and not in_transaction(raw):
        _write_postgresql(region, partition, changes)
    else:
        with atomic(region):
            for start in range(0, len(changes), BATCH):
                _write_postgresql(region, partition, changes[start : start + BATCH])


def differences(changes: Sequence[Change], tail: tuple[int, ...] = ()) -> list[_Difference]:
    """What to delete and insert in each index table; `tail` is added to every row."""
    found = []
    for table, attribute, columns in _INDEX_TABLES:
        gone: list[tuple[Any, ...]] = []
        new: list[tuple[Any, ...]] = []
        single = attribute == "postings"
        for change in changes:
            before = getattr(change.was or NO_ROWS, attribute)
            after = getattr(change.rows, attribute)
            if before and change.rank == change.was_rank:
                kept = set(before)
                after_set = set(after)
                before = kept - after_set
                after = after_set - kept
            end, was_end = (change.rank, change.rid, *tail), (change.was_rank, change.rid, *tail)
            if single:
                new.extend([(key, *end) for key in after])
                gone.extend([(key, *was_end) for key in before])
            else:
                new.extend([row + end for row in after])
                gone.extend([row + was_end for row in before])
        if gone or new:
            found.append(_Difference(table, columns, gone, new))
    return found


# -- SQLite --------------------------------------------------------------------------------------------------

_KEPT_IN_HISTORY = (
    "INSERT INTO fhir_history (partition, version, rid, updated, method, type, logical_id, content)"
    " SELECT partition, version, rid, updated, method, type, logical_id, content FROM fhir_resource"
)


def _write_sqlite(raw: sqlite3.Connection, partition: int, changes: Sequence[Change]) -> None:
    created = [change for change in changes if change.was is None]
    changed = [change for change in changes if change.was is not None]
    raw.executemany(
        f"INSERT INTO fhir_resource (partition, {_RESOURCE_COLUMNS}) VALUES (?{', ?' * len(_RESOURCE)})",
        [(partition, *change[:9]) for change in created],
    )
    for change in changed:
        at = (partition, change.rid, change.version - 1)
        raw.execute(f"{_KEPT_IN_HISTORY} WHERE partition = ? AND rid = ? AND version = ?", at)
        done = raw.execute(
            f"UPDATE fhir_resource SET ({_RESOURCE_COLUMNS}) = (?{', ?' * (len(_RESOURCE) - 1)})"
            " WHERE partition = ? AND rid = ? AND version = ?",
            (*change[:9], *at),
        )
        if done.rowcount != 1:
            raise WriteConflict("another write came first")
    write_sqlite_differences(raw, partition, changes)
    raw.executemany(
        "INSERT OR IGNORE INTO fhir_text_pending (partition, type, rid, version) VALUES (?, ?, ?, ?)",
        [(partition, change.type, change.rid, change.version) for change in changes],
    )


def write_sqlite_differences(raw: sqlite3.Connection, partition: int, changes: Sequence[Change]) -> None:
    for table, columns, gone, new in differences(changes, (partition,)):
        names = [*(name for name, _ in columns), "rank", "rid", "partition"]
        if gone:
            raw.executemany(
                f"DELETE FROM {table} WHERE " + " AND ".join(f"{n} = ?" for n in names),
                gone,
            )
        if new:
            raw.executemany(
                f"INSERT INTO {table} ({', '.join(names)}) VALUES (?{', ?' * (len(names) - 1)})",
                sorted(new),
            )


# -- PostgreSQL ----------------------------------------------------------------------------------------------


def _array(values: Iterable[Any], kind: str) -> str:
    """A column of values as one parameter, in PostgreSQL's own text form: quicker than the driver's lists, and always of one
    type, so that one prepared statement serves all."""
    if kind != "text":
        return "{" + str(list(values))[1:-1] + "}"
    quoted = [
        one.replace("\\", "\\\\").replace('"', '\\"') if '"' in one or "\\" in one else one for one in values
    ]
    return '{"' + '","'.join(quoted) + '"}'


def _sliced(changes: Sequence[Change]) -> tuple[bytes, list[tuple[Any, ...]]]:
    """All bytes of these changes, and a row for each as `_SLICED` says."""
    pieces: list[bytes] = []
    rows = []
    position = 1
    for change in changes:
        content = change.content
        length = -1 if content is None else len(content)
        start = position
        if content is not None:
            pieces.append(content)
            position += length
        rows.append((*change[:7], start, length, position, len(change.packed)))
        pieces.append(change.packed)
        position += len(change.packed)
    return b"".join(pieces), rows


def _unnest(columns: Iterable[tuple[str, str]]) -> str:
    marks = ", ".join(f"%s::{kind}[]" for _, kind in columns)
    return f"unnest({marks})"


class Statement:
    """A chain of WITH parts and their parameters."""

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.parts: list[str] = []
        self.parameters: list[Any] = []

    def add(
        self, name: str, text: str, columns: Iterable[tuple[str, str]], rows: Iterable[Sequence[Any]]
    ) -> None:
        """`text` names the partition once, before its arrays."""
        self.parts.append(f"{name} AS ({text})")
        self.parameters.append(self.partition)
        self._add_columns(columns, rows)

    def add_resources(self, name: str, text: str, changes: Sequence[Change]) -> None:
        """`text` reads from `_NEW`."""
        everything, rows = _sliced(changes)
        self.parts.append(f"{name} AS ({text})")
        self.parameters += [self.partition, everything]
        self._add_columns(_SLICED, rows)

    def _add_columns(self, columns: Iterable[tuple[str, str]], rows: Iterable[Sequence[Any]]) -> None:
        self.parameters += [
            _array(values, kind) for (_, kind), values in zip(columns, zip(*rows, strict=True), strict=True)
        ]


_NEW_VALUES = ", ".join(
    [f"n.{name}" for name, _ in _RESOURCE[:-2]]
    + [
        "CASE WHEN n.content_length >= 0 THEN substring(p.bytes FROM n.content_start FOR n.content_length) END",
        "substring(p.bytes FROM n.postings_start FOR n.postings_length)",
    ]
)
_NEW = (
    f"(SELECT %s::int4, %b::bytea) AS p(partition, bytes), {_unnest(_SLICED)}"
    f" AS n({', '.join(name for name, _ in _SLICED)})"
)


def _write_postgresql(region: str, partition: int, changes: Sequence[Change]) -> None:
    # In one order everywhere, so that two writes of the same resources wait for each other instead of deadlocking.
    changes = sorted(changes)
    statement = Statement(partition)
    created = [change for change in changes if change.was is None]
    changed = [change for change in changes if change.was is not None]
    if created:
        text = f"INSERT INTO fhir_resource (partition, {_RESOURCE_COLUMNS}) SELECT p.partition, {_NEW_VALUES} FROM {_NEW}"
        statement.add_resources("created", text, created)
    if changed:
        _add_changed(statement, changed)
    for difference in differences(changes):
        add_difference(statement, difference)
    statement.add(
        "pending",
        f"INSERT INTO fhir_text_pending (partition, type, rid, version) SELECT %s::int4, * FROM {_unnest(_PENDING)}"
        " ON CONFLICT DO NOTHING",
        _PENDING,
        [(change.type, change.rid, change.version) for change in changes],
    )
    # A division by zero undoes the whole statement when a version has moved on.
    guard = f"SELECT 1 / (count(*) = {len(changed):d})::int FROM changed" if changed else "SELECT 1"
    fetch(region, f"WITH {', '.join(statement.parts)} {guard}", statement.parameters)


def _add_changed(statement: Statement, changed: Sequence[Change]) -> None:
    at = (("rid", "int8"), ("version", "int4"))
    statement.add(
        "kept",
        f"{_KEPT_IN_HISTORY} WHERE partition = %s::int4 AND (rid, version) IN (SELECT * FROM {_unnest(at)})",
        at,
        [(change.rid, change.version - 1) for change in changed],
    )
    statement.add_resources(
        "changed",
        f"UPDATE fhir_resource r SET ({_RESOURCE_COLUMNS}) = ({_NEW_VALUES}) FROM {_NEW}"
        " WHERE r.partition = p.partition AND r.rid = n.rid AND r.version = n.version - 1 RETURNING 1",
        changed,
    )


def add_difference(statement: Statement, difference: _Difference) -> None:
    columns = (*difference.columns, ("rank", "int8"), ("rid", "int8"))
    names = ", ".join(name for name, _ in columns)
    if difference.gone:
        matches = " AND ".join(f"t.{name} = g.{name}" for name, _ in columns)
        statement.add(
            f"gone_{difference.table}",
            f"DELETE FROM {difference.table} t USING (SELECT %s::int4) AS p(partition), {_unnest(columns)} AS g({names})"
            f" WHERE t.partition = p.partition AND {matches}",
            columns,
            difference.gone,
        )
    if difference.new:
        statement.add(
            f"new_{difference.table}",
            f"INSERT INTO {difference.table} (partition, {names}) SELECT %s::int4, * FROM {_unnest(columns)}",
            columns,
            difference.new,
        )
