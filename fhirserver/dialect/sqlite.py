"""Writing changes to SQLite: one `executemany` a table, where a round trip costs nothing (docs/adr/0008)."""

import sqlite3
from collections.abc import Sequence

from fhirserver.connection import WriteConflict
from fhirserver.dialect.changes import KEPT_IN_HISTORY, RESOURCE, RESOURCE_COLUMNS, Change, differences


def write(raw: sqlite3.Connection, partition: int, changes: Sequence[Change]) -> None:
    created = [change for change in changes if change.was is None]
    changed = [change for change in changes if change.was is not None]
    raw.executemany(
        f"INSERT INTO fhir_resource (partition, {RESOURCE_COLUMNS}) VALUES (?{', ?' * len(RESOURCE)})",
        [(partition, *change[:9]) for change in created],
    )
    for change in changed:
        at = (partition, change.rid, change.version - 1)
        raw.execute(f"{KEPT_IN_HISTORY} WHERE partition = ? AND rid = ? AND version = ?", at)
        done = raw.execute(
            f"UPDATE fhir_resource SET ({RESOURCE_COLUMNS}) = (?{', ?' * (len(RESOURCE) - 1)})"
            " WHERE partition = ? AND rid = ? AND version = ?",
            (*change[:9], *at),
        )
        if done.rowcount != 1:
            raise WriteConflict("another write came first")
    write_differences(raw, partition, changes)
    raw.executemany(
        "INSERT OR IGNORE INTO fhir_text_pending (partition, type, rid, version) VALUES (?, ?, ?, ?)",
        [(partition, change.type, change.rid, change.version) for change in changes],
    )


def write_differences(raw: sqlite3.Connection, partition: int, changes: Sequence[Change]) -> None:
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
