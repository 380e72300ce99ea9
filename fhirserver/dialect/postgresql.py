"""Writing changes to PostgreSQL: one statement of data-modifying parts, fed by arrays (docs/adr/0008)."""

from collections.abc import Iterable, Sequence
from typing import Any

from fhirserver.connection import fetch
from fhirserver.dialect.changes import (
    KEPT_IN_HISTORY,
    RESOURCE,
    RESOURCE_COLUMNS,
    Change,
    Difference,
    differences,
)

_PENDING = (("type", "text"), ("rid", "int8"), ("version", "int4"))
# For PostgreSQL all bytes go as one parameter; the rows say where theirs lie (length -1: none).
_SLICED = (
    *RESOURCE[:-2],
    ("content_start", "int4"),
    ("content_length", "int4"),
    ("postings_start", "int4"),
    ("postings_length", "int4"),
)


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
    [f"n.{name}" for name, _ in RESOURCE[:-2]]
    + [
        "CASE WHEN n.content_length >= 0 THEN substring(p.bytes FROM n.content_start FOR n.content_length) END",
        "substring(p.bytes FROM n.postings_start FOR n.postings_length)",
    ]
)
_NEW = (
    f"(SELECT %s::int4, %b::bytea) AS p(partition, bytes), {_unnest(_SLICED)}"
    f" AS n({', '.join(name for name, _ in _SLICED)})"
)


def write(region: str, partition: int, changes: Sequence[Change]) -> None:
    # In one order everywhere, so that two writes of the same resources wait for each other instead of deadlocking.
    changes = sorted(changes)
    statement = Statement(partition)
    created = [change for change in changes if change.was is None]
    changed = [change for change in changes if change.was is not None]
    if created:
        text = f"INSERT INTO fhir_resource (partition, {RESOURCE_COLUMNS}) SELECT p.partition, {_NEW_VALUES} FROM {_NEW}"
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
        f"{KEPT_IN_HISTORY} WHERE partition = %s::int4 AND (rid, version) IN (SELECT * FROM {_unnest(at)})",
        at,
        [(change.rid, change.version - 1) for change in changed],
    )
    statement.add_resources(
        "changed",
        f"UPDATE fhir_resource r SET ({RESOURCE_COLUMNS}) = ({_NEW_VALUES}) FROM {_NEW}"
        " WHERE r.partition = p.partition AND r.rid = n.rid AND r.version = n.version - 1 RETURNING 1",
        changed,
    )


def add_difference(statement: Statement, difference: Difference) -> None:
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
