"""Up to when an export holds everything: the writes that were stamped before its time, and are not committed yet, are waited for.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html#response---complete-status (`transactionTime`: "a FHIR server might need to wait for any
pending transactions to resolve in its database before starting the export process")

A write carries its time from before its statement, so the newest times say nothing of what is still to be committed. But PostgreSQL itself
refuses a statement whose stamp is older than dialect.stamps.LATE_US when its transaction gets its number, and on SQLite a stamp is looked at
under the writer's lock. So a little after the export's time each write that belongs to it has either begun or is done, or will get a later
time: PostgreSQL lists the transactions that write, and on SQLite whoever gets the writer's lock is alone.
"""

import time
from collections.abc import Callable

from fhirserver.connection import atomic, fetch, is_postgresql
from fhirserver.outcomes import StoreUnavailable

SETTLE_SECONDS = 2.0
"""LATE_US, and as much again for what the clocks of the server's processes and of its database may differ by."""
LONGEST_SECONDS = 600
_PAUSE = 0.05


def wait_for_writes(
    region: str, until: int, settle: float = SETTLE_SECONDS, waiting: Callable[[], None] = lambda: None
) -> None:
    """Return when every write that was stamped before `until` (microseconds) is committed or undone. `waiting` is called now and then.
    Raises StoreUnavailable when one takes longer than LONGEST_SECONDS."""
    time.sleep(max(0.0, until / 1_000_000 + settle - time.time()))
    if not is_postgresql(region):
        with atomic(region):
            return
    pending = _writing(region)
    give_up = time.monotonic() + LONGEST_SECONDS
    while pending:
        if time.monotonic() > give_up:
            raise StoreUnavailable(
                f"A write that began before the export has been going on for more than {LONGEST_SECONDS} seconds."
            )
        waiting()
        time.sleep(_PAUSE)
        pending &= _writing(region)


def _writing(region: str) -> set[tuple[int, str]]:
    """The transactions of this database that have changed something and are not over; only a writer has a number."""
    statement = (
        "SELECT pid, backend_xid::text FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
    )
    return {(row[0], row[1]) for row in fetch(region, statement)}
