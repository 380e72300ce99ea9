"""Transactions of SQLite: one writer at a time in this process, because waiting on a lock is quicker and fairer than its polling."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_writers: dict[str, threading.RLock] = {}
_guard = threading.Lock()


def sqlite_writer(region: str) -> threading.RLock:
    lock = _writers.get(region)
    if lock is None:
        with _guard:
            lock = _writers.setdefault(region, threading.RLock())
    return lock


@contextmanager
def sqlite_transaction(raw: sqlite3.Connection) -> Iterator[None]:
    nested = raw.in_transaction
    raw.execute("SAVEPOINT fireside" if nested else "BEGIN IMMEDIATE")
    try:
        yield
        # A commit can fail too, for instance on a full disk.
        raw.execute("RELEASE fireside" if nested else "COMMIT")
    except BaseException:
        if raw.in_transaction:
            if nested:
                raw.execute("ROLLBACK TO fireside")
                raw.execute("RELEASE fireside")
            else:
                raw.execute("ROLLBACK")
        raise
