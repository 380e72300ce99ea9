"""PostgreSQL's prepared statements without the driver's cursor: a third of what a short query costs is spent there.

Each statement is parsed once a connection, under the types that its columns say; values go as text, bytes as they are.
"""

import itertools
import re
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, cast

import psycopg
from psycopg import errors, generators, pq, waiting
from psycopg.adapt import Transformer

from fhirserver.characters import refused

Row = tuple[Any, ...]

CAPACITY = 200
"""Statements that one connection keeps; the one that was not used for longest goes first."""

_TEXT, _BINARY = 0, 1
_LOOK_SECONDS = 0.1
_names = itertools.count(1)
_PLACEHOLDER = re.compile("%[sb]|%%")


class Prepared:
    """The prepared statements of one connection, for the thread that has it."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.raw = raw
        self._rows = Transformer(raw)
        self._names: OrderedDict[str, bytes] = OrderedDict()
        self._is_under_way = False

    def fetch(self, statement: str, values: Sequence[Any]) -> list[Row]:
        """All rows, none for a statement that has none. Raises psycopg.Error, also for what was sent before."""
        name = self._name(statement)
        sent, formats = _sent(values)
        # The driver takes None for NULL; only its annotation does not say so.
        result = self.raw.pgconn.exec_prepared(name, cast(list[bytes], sent), formats, _BINARY)
        self._check(result)
        self._rows.set_pgresult(result)
        return self._rows.load_rows(0, result.ntuples, tuple)

    def send(self, statement: str, values: Sequence[Any]) -> None:
        """Run a statement whose rows nobody needs, without waiting for its end: `settle` and every other statement wait for it."""
        name = self._name(statement)
        sent, formats = _sent(values)
        self.raw.pgconn.send_query_prepared(name, cast(list[bytes], sent), formats, _BINARY)
        self.raw.pgconn.flush()
        self._is_under_way = True

    def is_busy(self) -> bool:
        """Whether what was sent is still being run, as far as can be told without waiting."""
        if self._is_under_way:
            self.raw.pgconn.flush()
            self.raw.pgconn.consume_input()
        return self._is_under_way and bool(self.raw.pgconn.is_busy())

    def settle(self) -> None:
        """Wait for what was sent. Raises psycopg.Error when it failed."""
        if not self._is_under_way:
            return
        self._is_under_way = False
        pgconn = self.raw.pgconn
        # Without an interval the driver does not sleep until there is an answer, but asks again and again.
        for result in waiting.wait(generators.execute(pgconn), pgconn.socket, interval=_LOOK_SECONDS):
            self._check(result)

    def _name(self, statement: str) -> bytes:
        self.settle()
        name = self._names.get(statement)
        if name is None:
            return self._prepare(statement)
        self._names.move_to_end(statement)
        return name

    def _prepare(self, statement: str) -> bytes:
        if len(self._names) >= CAPACITY:
            _, oldest = self._names.popitem(last=False)
            self._check(self.raw.pgconn.exec_(b"DEALLOCATE " + oldest))
        name = b"fireside_%d" % next(_names)
        self._check(self.raw.pgconn.prepare(name, _numbered(statement).encode()))
        self._names[statement] = name
        return name

    def _check(self, result: pq.abc.PGresult) -> None:
        if result.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK):
            return
        if self.raw.closed:
            raise psycopg.OperationalError("the connection to the database is lost")
        raise errors.error_from_result(result)


def _numbered(statement: str) -> str:
    """`%s` becomes $1, $2, …"""
    numbers = itertools.count(1)
    return _PLACEHOLDER.sub(lambda found: "%" if found[0] == "%%" else f"${next(numbers)}", statement)


def _sent(values: Sequence[Any]) -> tuple[list[bytes | None], list[int] | None]:
    """Values as PostgreSQL reads them, and their formats (None: all are text)."""
    sent: list[bytes | None] = []
    has_bytes = False
    for value in values:
        if isinstance(value, str):
            if "\x00" in value:
                # Requests are refused before; what an operation makes of a body may still come here.
                raise refused("A text of the request")
            sent.append(value.encode())
        elif isinstance(value, bytes):
            has_bytes = True
            sent.append(value)
        elif isinstance(value, int | float):
            sent.append(repr(value).encode())
        elif value is None:
            sent.append(None)
        else:
            raise TypeError(f"{type(value).__name__} is not a value of a statement")
    return sent, [_BINARY if isinstance(one, bytes) else _TEXT for one in values] if has_bytes else None
