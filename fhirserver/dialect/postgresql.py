"""Writing changes to PostgreSQL: one statement of data-modifying parts (docs/adr/0008).

What many resources bring goes as arrays, one a column. What one resource brings goes as plain values, and only its index rows as arrays.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from fhirserver.connection import fetch
from fhirserver.dialect.changes import (
    INDEX_TABLES,
    KEPT_IN_HISTORY,
    RESOURCE,
    RESOURCE_COLUMNS,
    Change,
    differences,
)

Columns = tuple[tuple[str, str], ...]
Source = tuple[str, list[Any]]
"""What stands behind FROM, and its parameters; the partition is always the first of them."""

_AT: Columns = (("rid", "int8"), ("version", "int4"))
_PENDING: Columns = (("type", "text"), ("rid", "int8"), ("version", "int4"))
_END: Columns = (("rank", "int8"), ("rid", "int8"))
# For PostgreSQL all bytes go as one parameter; the rows say where theirs lie (length -1: none).
_SLICED: Columns = (
    *RESOURCE[:-2],
    ("content_start", "int4"),
    ("content_length", "int4"),
    ("postings_start", "int4"),
    ("postings_length", "int4"),
)


def _names(columns: Columns, alias: str = "") -> str:
    return ", ".join(f"{alias}{name}" for name, _ in columns)


def _marks(columns: Columns) -> str:
    return ", ".join(f"%{'b' if kind == 'bytea' else 's'}::{kind}" for _, kind in columns)


def _unnest(columns: Columns) -> str:
    marks = ", ".join(f"%s::{kind}[]" for _, kind in columns)
    return f"unnest({marks})"


def _array(values: Iterable[Any], kind: str) -> str:
    """A column of values as one parameter, in PostgreSQL's own text form: quicker than the driver's lists, and always of one
    type, so that one prepared statement serves all."""
    if kind != "text":
        return "{" + str(list(values))[1:-1] + "}"
    quoted = [
        one.replace("\\", "\\\\").replace('"', '\\"') if '"' in one or "\\" in one else one for one in values
    ]
    return '{"' + '","'.join(quoted) + '"}'


def _arrays(columns: Columns, rows: Iterable[Sequence[Any]]) -> list[str]:
    return [_array(values, kind) for (_, kind), values in zip(columns, zip(*rows, strict=True), strict=False)]


class Statement:
    """A chain of WITH parts and their parameters."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.parameters: list[Any] = []

    def add(self, name: str, text: str, parameters: Sequence[Any]) -> None:
        self.parts.append(f"{name} AS ({text})")
        self.parameters += parameters


# Once the transaction has its number an export sees it; the root of a negative number undoes the statement when that was too late.
_IN_TIME = "CASE WHEN txid_current() > 0 THEN sqrt(CASE WHEN clock_timestamp() <= to_timestamp(%s::float8) THEN 1 ELSE -1 END) END"
_ALWAYS = 1e11
"""Seconds since 1970 that no clock will show."""


def write(region: str, partition: int, changes: Sequence[Change], latest: float = _ALWAYS) -> None:
    """`latest`: in seconds since 1970 by the database's clock; a statement that comes later is refused. Raises LateWrite, WriteConflict."""
    fetch(region, *statement_of(partition, changes, latest))


def statement_of(partition: int, changes: Sequence[Change], latest: float = _ALWAYS) -> tuple[str, list[Any]]:
    """What writes the changes, and its parameters."""
    statement = Statement()
    if len(changes) == 1:
        _add_one(statement, partition, changes[0])
    else:
        # In one order everywhere, so that two writes of the same resources wait for each other instead of deadlocking.
        changes = sorted(changes)
        _add_many(statement, partition, changes)
    if len(changes) == 1 and changes[0].was is None and not changes[0].rows.contained:
        _add_rows_of_new(statement, partition, changes[0])
    else:
        add_differences(statement, partition, changes)
    replaced = sum(change.was is not None for change in changes)
    # A division by zero undoes the whole statement when a version has moved on.
    guard, source = (f"1 / (count(*) = {replaced:d})::int", " FROM changed") if replaced else ("1", "")
    text = f"WITH {', '.join(statement.parts)} SELECT {guard}, {_IN_TIME}{source}"
    return text, [*statement.parameters, latest]


# -- one resource --------------------------------------------------------------------------------------------

_CREATE = f"INSERT INTO fhir_resource (partition, {RESOURCE_COLUMNS}) VALUES (%s::int4, {_marks(RESOURCE)})"
_ONE_AT = "partition = %s::int4 AND rid = %s::int8 AND version = %s::int4"
_KEEP = f"{KEPT_IN_HISTORY} WHERE {_ONE_AT}"
_CHANGE = (
    f"UPDATE fhir_resource SET ({RESOURCE_COLUMNS}) = ROW({_marks(RESOURCE)}) WHERE {_ONE_AT} RETURNING 1"
)
_PEND = (
    f"INSERT INTO fhir_text_pending (partition, {_names(_PENDING)}) VALUES (%s::int4, {_marks(_PENDING)})"
    " ON CONFLICT DO NOTHING"
)


def _add_one(statement: Statement, partition: int, change: Change) -> None:
    values = change[: len(RESOURCE)]
    if change.was is None:
        statement.add("created", _CREATE, (partition, *values))
    else:
        at = (partition, change.rid, change.version - 1)
        statement.add("kept", _KEEP, at)
        statement.add("changed", _CHANGE, (*values, *at))
    statement.add("pending", _PEND, (partition, change.type, change.rid, change.version))


# -- many resources ------------------------------------------------------------------------------------------

_NEW_VALUES = ", ".join(
    [f"n.{name}" for name, _ in RESOURCE[:-2]]
    + [
        "CASE WHEN n.content_length >= 0 THEN substring(p.bytes FROM n.content_start FOR n.content_length) END",
        "substring(p.bytes FROM n.postings_start FOR n.postings_length)",
    ]
)
_NEW = f"(SELECT %s::int4, %b::bytea) AS p(partition, bytes), {_unnest(_SLICED)} AS n({_names(_SLICED)})"
_CREATE_MANY = (
    f"INSERT INTO fhir_resource (partition, {RESOURCE_COLUMNS}) SELECT p.partition, {_NEW_VALUES} FROM {_NEW}"
)
_KEEP_MANY = (
    f"{KEPT_IN_HISTORY} WHERE partition = %s::int4 AND (rid, version) IN (SELECT * FROM {_unnest(_AT)})"
)
_CHANGE_MANY = (
    f"UPDATE fhir_resource r SET ({RESOURCE_COLUMNS}) = ({_NEW_VALUES}) FROM {_NEW}"
    " WHERE r.partition = p.partition AND r.rid = n.rid AND r.version = n.version - 1 RETURNING 1"
)
_PEND_MANY = (
    f"INSERT INTO fhir_text_pending (partition, {_names(_PENDING)}) SELECT %s::int4, * FROM {_unnest(_PENDING)}"
    " ON CONFLICT DO NOTHING"
)


def _add_many(statement: Statement, partition: int, changes: Sequence[Change]) -> None:
    created = [change for change in changes if change.was is None]
    changed = [change for change in changes if change.was is not None]
    if created:
        statement.add("created", _CREATE_MANY, [partition, *_sliced(created)])
    if changed:
        before = [(change.rid, change.version - 1) for change in changed]
        statement.add("kept", _KEEP_MANY, [partition, *_arrays(_AT, before)])
        statement.add("changed", _CHANGE_MANY, [partition, *_sliced(changed)])
    pending = [(change.type, change.rid, change.version) for change in changes]
    statement.add("pending", _PEND_MANY, [partition, *_arrays(_PENDING, pending)])


def _sliced(changes: Sequence[Change]) -> list[Any]:
    """All bytes of these changes, and the columns of `_SLICED`."""
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
    return [b"".join(pieces), *_arrays(_SLICED, rows)]


# -- rows of the index ---------------------------------------------------------------------------------------


def add_differences(statement: Statement, partition: int, changes: Sequence[Change]) -> None:
    is_one = len(changes) == 1
    for difference in differences(changes):
        table, columns = difference.table, (*difference.columns, *_END)
        if difference.gone:
            source, parameters = _rows(partition, difference.columns, difference.gone, is_one=is_one)
            same = " AND ".join(f"t.{name} = n.{name}" for name, _ in columns)
            text = f"DELETE FROM {table} t USING {source} WHERE t.partition = n.partition AND {same}"
            statement.add(f"gone_{table}", text, parameters)
        if difference.new:
            source, parameters = _rows(partition, difference.columns, difference.new, is_one=is_one)
            text = f"INSERT INTO {table} (partition, {_names(columns)}) SELECT n.partition, {_names(columns, 'n.')} FROM {source}"
            statement.add(f"new_{table}", text, parameters)


_ROWS_OF_NEW = {
    table: f"INSERT INTO {table} (partition, rank, rid, {_names(own)}) SELECT %s::int4, %s::int8, %s::int8,"
    f" {', '.join(f'unnest(%s::{kind}[])' for _, kind in own)}"
    for table, _, own in INDEX_TABLES
}


def _add_rows_of_new(statement: Statement, partition: int, change: Change) -> None:
    """What `add_differences` adds for one resource that never was, in fewer steps: most writes are of that kind."""
    start = (partition, change.rank, change.rid)
    for table, attribute, own in INDEX_TABLES:
        rows = getattr(change.rows, attribute)
        if rows:
            arrays = [_array(rows, "int8")] if attribute == "postings" else _arrays(own, rows)
            statement.add(f"new_{table}", _ROWS_OF_NEW[table], [*start, *arrays])


def _rows(partition: int, own: Columns, rows: Sequence[Sequence[Any]], *, is_one: bool) -> Source:
    """Rows of the columns `own`, rank and rid, as `n` with the partition."""
    rank, rid = rows[0][-2:]
    # What one resource contains has rows under numbers of its own.
    if is_one and all(row[-1] == rid for row in rows):
        one = "%s::int4 AS partition, %s::int8 AS rank, %s::int8 AS rid"
        text = f"(SELECT {one}, u.* FROM {_unnest(own)} AS u({_names(own)})) AS n"
        return text, [partition, rank, rid, *_arrays(own, rows)]
    columns = (*own, *_END)
    text = f"(SELECT %s::int4 AS partition, u.* FROM {_unnest(columns)} AS u({_names(columns)})) AS n"
    return text, [partition, *_arrays(columns, rows)]
