"""Writing changes in bulk, where SQLite and PostgreSQL differ (docs/adr/0001, 0008)."""

import sqlite3
from collections.abc import Sequence

from fhirserver.connection import LateWrite, atomic, in_transaction, raw_connection
from fhirserver.dialect import postgresql, sqlite
from fhirserver.dialect.ahead import written_ahead
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
    if len(changes) <= BATCH and not in_transaction(raw):
        changes = freshly_stamped(changes)
        try:
            postgresql.write(region, partition, changes, latest(changes))
            return changes
        except LateWrite:
            # Whatever keeps it, or makes the clocks differ: in a transaction there is time.
            pass
    with atomic(region):
        changes = stamped_now(changes)
        for start in range(0, len(changes), BATCH):
            postgresql.write(region, partition, changes[start : start + BATCH])
    return changes


__all__ = ["BATCH", "Change", "write", "written_ahead"]
