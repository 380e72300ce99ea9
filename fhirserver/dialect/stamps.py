"""The time of a new version stays close to its commit: an export that waits for the writes under way then knows all that belongs to it.

A version is stamped when it is prepared. Whatever keeps it from the database after that (a large Bundle, the lock of SQLite's one writer)
makes the stamp older; one that has become too old is renewed before it is written (operations/export_cut.py). PostgreSQL refuses a statement that comes to it
later than LATE_US after the stamp.
"""

import time
from collections.abc import Sequence

from fhirserver.dialect.changes import Change
from fhirserver.instants import instant

FRESH_US = 500_000
LATE_US = 1_000_000


def freshly_stamped(changes: Sequence[Change]) -> Sequence[Change]:
    """The same changes; with the time of now when the oldest of them was stamped more than FRESH_US ago."""
    now = time.time_ns() // 1000
    if not changes or now - min(change.updated for change in changes) <= FRESH_US:
        return changes
    return [_stamped(change, now) for change in changes]


def stamped_now(changes: Sequence[Change]) -> Sequence[Change]:
    now = time.time_ns() // 1000
    return [_stamped(change, now) for change in changes]


def latest(changes: Sequence[Change]) -> float:
    """When these must have reached the database, in seconds since 1970."""
    return (min(change.updated for change in changes) + LATE_US) / 1_000_000


def _stamped(change: Change, now: int) -> Change:
    updated = max(now, change.updated)
    content = change.content
    if content is not None:
        # The server's own part of meta stands in front of all that a client says.
        said, says = (f'"lastUpdated":"{instant(one)}"'.encode() for one in (change.updated, updated))
        content = content.replace(said, says, 1)
    return change._replace(updated=updated, content=content)
