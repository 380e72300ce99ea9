"""What the product relies on and does not reach at the moment: a database, the shared cache, room on the disk.

Such an error is no fault of the request or of the code, and it passes: pages and calls answer 503, background work waits and goes on.
"""

import errno
import sqlite3

from django.db import InterfaceError, OperationalError
from redis.exceptions import ConnectionError as CacheUnreachable
from redis.exceptions import TimeoutError as CacheSilent

RETRY_SECONDS = 5
FULL = "The disk of this installation is full."
UNREACHABLE = "The database of this installation cannot be reached."
CACHE_UNREACHABLE = "The shared cache of this installation cannot be reached."
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_OF_NO_ROOM = ("disk is full", "No space left on device")
# Classes of sqlstate: connection, resources, operator's intervention, system.
_PASSING = ("08", "53", "57", "58")
_CANCELLED = "57014"
_registered: list[type[Exception]] = []


def register_outage(kind: type[Exception]) -> None:
    """An app's own error for something that cannot be reached; its text is for people."""
    if kind not in _registered:
        _registered.append(kind)


def outage_of(error: BaseException | None) -> str:
    """What is missing, as a sentence; empty for every other error."""
    if isinstance(error, tuple(_registered)):
        return str(error)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return FULL
    if isinstance(error, (OperationalError, InterfaceError)):
        if any(words in str(error) for words in _OF_NO_ROOM):
            return FULL
        return "" if _is_refused_statement(error) else UNREACHABLE
    if isinstance(error, (CacheUnreachable, CacheSilent)):
        return CACHE_UNREACHABLE
    return ""


def _is_refused_statement(error: Exception) -> bool:
    """Whether the database is there and will not have the statement: waiting would not mend it."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    state = getattr(cause, "sqlstate", None)
    return state is not None and (state == _CANCELLED or not state.startswith(_PASSING))
