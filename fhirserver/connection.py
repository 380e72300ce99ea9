"""Statements on a region's store: prepared, on the driver's own connection, without Django's cursor in between.

SQL is written with `%s` for both databases. Errors of the drivers become `WriteConflict` (try again), `StoreLost` and `StatementTooLong`.
"""

import itertools
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from time import perf_counter
from typing import Any, TypeVar, cast

import psycopg
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DatabaseError as DjangoDatabaseError
from psycopg import errors as pg
from psycopg.pq import TransactionStatus

from fhirserver.outcomes import StatementTooLong, StoreLost
from fhirserver.prepared import Prepared, Row
from fhirserver.sqlite_transactions import sqlite_transaction, sqlite_writer
from fhirserver.statement_time import add

Raw = sqlite3.Connection | psycopg.Connection[Row]
Done = TypeVar("Done")

STATEMENT_TIMEOUT_MS = 30_000
STREAM_ROWS = 200
# Every search walks an index in the order of its page and looks the rest up by key. Estimates lead away from that: a planner that
# does not know how much of a table one partition or one key holds would rather collect all of it and sort.
_SESSION = {
    "plan_cache_mode": "force_generic_plan",
    "statement_timeout": STATEMENT_TIMEOUT_MS,
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "jit": "off",
}
# So often SQLite asks whether it shall go on: some milliseconds of its own steps.
_STEPS_BETWEEN_LOOKS = 100_000
_stream_numbers = itertools.count(1)
_CONFLICTS = (pg.UniqueViolation, pg.DivisionByZero, pg.SerializationFailure, pg.DeadlockDetected)
_FULL = "The disk that holds this server's data is full. Nothing was written; reading goes on."
_TOO_LONG = (
    f"The statement took longer than the {STATEMENT_TIMEOUT_MS // 1000} seconds that one may take (statement_timeout):"
    " ask for less, for instance with another parameter that fewer resources match."
)
_BUSY = (
    "Other writes have held the database of this server's data for too long. Nothing was written. Try again."
)
_UNAVAILABLE = "The database that holds this server's data cannot be reached. Try again later."


class WriteConflict(Exception):
    """Another write came first; nothing was written."""


class LateWrite(WriteConflict):
    """The write took too long to reach the database; nothing was written, and nobody else has written either."""


_of_thread = threading.local()


def _wrapper(region: str) -> BaseDatabaseWrapper:
    """Django's connection of this thread, remembered: its own look-up costs more than a read of a resource's index."""
    found: BaseDatabaseWrapper | None = getattr(_of_thread, region, None)
    if found is None:
        found = connections[region]
        setattr(_of_thread, region, found)
    return found


def is_postgresql(region: str) -> bool:
    return _wrapper(region).vendor == "postgresql"


def raw_connection(region: str) -> Raw:
    """The driver's connection of this thread, opened when there is none."""
    connection = _wrapper(region)
    raw = connection.connection
    if raw is None or (connection.vendor == "postgresql" and raw.closed):
        raw = _open(region)
    return cast(Raw, raw)


def _open(region: str) -> Any:
    connection = _wrapper(region)
    try:
        connection.close()
        connection.ensure_connection()
    except DjangoDatabaseError as error:
        raise StoreLost(_UNAVAILABLE) from error
    return connection.connection


def _tune(raw: psycopg.Connection[Row]) -> None:
    """Statements are planned once: their shape, not their values, decides how they run (docs/adr/0008)."""
    raw.prepare_threshold = None
    for name, value in _SESSION.items():
        raw.execute(f"SET {name} = {value}")


@lru_cache(maxsize=4096)
def _question_marks(statement: str) -> str:
    return statement.replace("%s", "?").replace("%b", "?").replace("%%", "%")


def fetch(region: str, statement: str, parameters: Sequence[Any] = ()) -> list[Row]:
    """All rows of a query."""
    return _timed(_rows, region, statement, parameters)


def execute(region: str, statement: str, parameters: Sequence[Any] = ()) -> Any:
    """Run one statement; the driver's cursor, at its first row."""
    return _timed(_run, region, statement, parameters)


def _timed(run: Callable[..., Done], region: str, statement: str, parameters: Sequence[Any]) -> Done:
    began = perf_counter()
    try:
        return _retried(run, region, statement, parameters)
    finally:
        add(perf_counter() - began)


def _retried(run: Callable[..., Done], region: str, statement: str, parameters: Sequence[Any]) -> Done:
    raw = raw_connection(region)
    may_reconnect = statement.startswith("SELECT") and not in_transaction(raw)
    try:
        return run(region, raw, statement, parameters)
    except (sqlite3.Error, psycopg.Error) as error:
        if not (may_reconnect and _is_closed(raw)):
            raise translated(error) from error
    # The server had closed an idle connection: a read may simply run again on a new one.
    try:
        return run(region, _open(region), statement, parameters)
    except (sqlite3.Error, psycopg.Error) as error:
        raise translated(error) from error


def _rows(region: str, raw: Raw, statement: str, parameters: Sequence[Any]) -> list[Row]:
    if isinstance(raw, sqlite3.Connection):
        with _bounded(raw):
            return raw.execute(_question_marks(statement), parameters).fetchall()
    return _prepared(region, raw).fetch(statement, parameters)


@contextmanager
def _bounded(raw: sqlite3.Connection) -> Iterator[None]:
    """SQLite knows no statement_timeout: it asks now and then whether it shall go on."""
    deadline = perf_counter() + STATEMENT_TIMEOUT_MS / 1000
    raw.set_progress_handler(lambda: perf_counter() > deadline, _STEPS_BETWEEN_LOOKS)
    try:
        yield
    finally:
        raw.set_progress_handler(None, 0)


def _prepared(region: str, raw: psycopg.Connection[Row]) -> Prepared:
    """The statements of this thread's connection, which is tuned before its first one."""
    held = cast(dict[str, Prepared], _of_thread.__dict__.setdefault("prepared", {}))
    found = held.get(region)
    if found is None or found.raw is not raw:
        _tune(raw)
        found = held[region] = Prepared(raw)
    found.settle()
    return found


def prepared_of(region: str) -> Prepared:
    """The statements of this thread's connection to PostgreSQL: for who sends them without waiting, within `atomic`."""
    return _prepared(region, cast(psycopg.Connection[Row], raw_connection(region)))


def _run(region: str, raw: Raw, statement: str, parameters: Sequence[Any]) -> Any:
    if isinstance(raw, sqlite3.Connection):
        with _bounded(raw):
            return raw.execute(_question_marks(statement), parameters)
    return psycopg.Cursor(_prepared(region, raw).raw).execute(statement, parameters, binary=True)


def _is_closed(raw: Raw) -> bool:
    return isinstance(raw, psycopg.Connection) and raw.closed


def stream(region: str, statement: str, parameters: Sequence[Any] = ()) -> Iterator[Row]:
    """Rows as the database finds them; memory stays flat whatever their number. The time that a statement may take is that of finding the
    next STREAM_ROWS, in either database; how long the caller takes over them does not count."""
    raw = raw_connection(region)
    try:
        add(0.0)
        if isinstance(raw, sqlite3.Connection):
            yield from _sqlite_rows(raw, statement, parameters)
            return
        _prepared(region, raw)
        with raw.transaction(), psycopg.ServerCursor(raw, f"fireside_{next(_stream_numbers)}") as cursor:
            cursor.itersize = STREAM_ROWS
            cursor.execute(statement, parameters, binary=True)
            yield from cursor
    except (sqlite3.Error, psycopg.Error) as error:
        raise translated(error) from error


def _sqlite_rows(raw: sqlite3.Connection, statement: str, parameters: Sequence[Any]) -> Iterator[Row]:
    with _bounded(raw):
        cursor = raw.execute(_question_marks(statement), parameters)
    while True:
        with _bounded(raw):
            rows = cursor.fetchmany(STREAM_ROWS)
        if not rows:
            return
        yield from rows


@contextmanager
def atomic(region: str) -> Iterator[None]:
    """A transaction that may write (a savepoint inside another): all or nothing."""
    raw = raw_connection(region)
    try:
        if isinstance(raw, sqlite3.Connection):
            with sqlite_writer(region), sqlite_transaction(raw):
                yield
            return
        prepared, is_outermost = _prepared(region, raw), not in_transaction(raw)
        with raw.transaction():
            if is_outermost:
                # An export waits for transactions that have a number, and what is stamped in this one is stamped after that.
                prepared.fetch("SELECT txid_current()", ())
            yield
        if raw.closed:
            raise StoreLost(_UNAVAILABLE)
    except (sqlite3.Error, psycopg.Error) as error:
        raise translated(error) from error


def in_transaction(raw: Raw) -> bool:
    if isinstance(raw, sqlite3.Connection):
        return raw.in_transaction
    return raw.info.transaction_status != TransactionStatus.IDLE


def one_of(region: str, numbers: Iterable[int]) -> tuple[str, str]:
    """What follows a column to say "is one of these numbers", and its one parameter: one statement for every length."""
    if is_postgresql(region):
        return "= ANY(%s::int8[])", _listed(region, numbers)
    return "IN (SELECT value FROM json_each(%s))", _listed(region, numbers)


def looked_up(region: str, source: str, table: str, columns: str, tests: str) -> str:
    """`FROM …` that looks rows of a table up by key, alias `f`, for each row of a source: whatever a planner believes of their numbers,
    it shall not read all that the partition holds."""
    if is_postgresql(region):
        return f"FROM {source}, LATERAL (SELECT {columns} FROM {table} f WHERE {tests} OFFSET 0) AS f"
    return f"FROM {source} CROSS JOIN {table} f WHERE {tests}"


def numbers_of(region: str, name: str, numbers: Iterable[int]) -> tuple[str, str]:
    """A source with one row for each number, `name.value`, and its one parameter."""
    if is_postgresql(region):
        return f"unnest(%s::int8[]) AS {name}(value)", _listed(region, numbers)
    return f"json_each(%s) AS {name}", _listed(region, numbers)


def _listed(region: str, numbers: Iterable[int]) -> str:
    listed = ",".join(map(str, numbers))
    return f"{{{listed}}}" if is_postgresql(region) else f"[{listed}]"


def lock_name(region: str, name: int) -> None:
    """Hold the lock of this 64-bit number until the transaction ends; SQLite has one writer anyway."""
    if is_postgresql(region):
        fetch(region, "SELECT pg_advisory_xact_lock(%s::int8)", [name])


def translated(error: Exception) -> Exception:
    """What a driver's error means to a caller."""
    if isinstance(error, pg.InvalidArgumentForPowerFunction):
        return LateWrite(str(error))
    if isinstance(error, (sqlite3.IntegrityError, *_CONFLICTS)):
        return WriteConflict(str(error))
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return StoreLost(_BUSY)
    if isinstance(error, pg.QueryCanceled) or str(error) == "interrupted":
        return StatementTooLong(_TOO_LONG)
    if isinstance(error, pg.DiskFull) or "disk is full" in str(error):
        return StoreLost(_FULL)
    if isinstance(error, (sqlite3.OperationalError, psycopg.OperationalError, psycopg.InterfaceError)):
        return StoreLost(_UNAVAILABLE)
    return error
