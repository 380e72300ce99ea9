"""Writing changes in bulk, where SQLite and PostgreSQL differ (docs/adr/0001, 0008)."""

import sqlite3
from collections.abc import Sequence

from fhirserver.connection import LateWrite, atomic, fetch, in_transaction, raw_connection
from fhirserver.dialect import postgresql, sqlite
from fhirserver.dialect.changes import Change
from fhirserver.dialect.stamps import freshly_stamped, latest, stamped_now
from fhirserver.statement_time import timed

BATCH = 500


def write(region: str, partition: int, changes: Sequence[Change]) -> Sequence[Change]:
    """All changes or none; as they were written, perhaps with a later time. Raises WriteConflict when one of them is no longer next in
    line."""
    raw = raw_connection(region)
    if isinstance(raw, sqlite3.Connection):
        with timed(), atomic(region):
            changes = freshly_stamped(changes)
            sqlite.write(raw, partition, changes)
        return changes
    if not changes:
        return changes
    changes = freshly_stamped(changes)
    try:
        _write_in_time(region, partition, changes)
    except LateWrite:
        if in_transaction(raw):
            # It is undone as a whole: whoever began it begins anew.
            raise
        with atomic(region):
            # With its number an export waits for this transaction, however long the rest takes.
            fetch(region, "SELECT txid_current()")
            changes = stamped_now(changes)
            _write_parts(region, partition, changes)
    return changes


def _write_in_time(region: str, partition: int, changes: Sequence[Change]) -> None:
    """Raises LateWrite when the first statement reaches the database long after the stamps."""
    if len(changes) <= BATCH and not in_transaction(raw_connection(region)):
        postgresql.write(region, partition, changes, latest(changes))
        return
    with atomic(region):
        postgresql.write(region, partition, changes[:BATCH], latest(changes))
        _write_parts(region, partition, changes[BATCH:])


def _write_parts(region: str, partition: int, changes: Sequence[Change]) -> None:
    for start in range(0, len(changes), BATCH):
        postgresql.write(region, partition, changes[start : start + BATCH])
