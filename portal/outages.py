"""What the product relies on and does not reach at the moment: a database, the shared cache, room on the disk.

Such an error is no fault of the request or of the code, and it passes: pages and calls answer 503, background work waits and goes on.
"""

import errno

from django.db import InterfaceError, OperationalError
from redis.exceptions import ConnectionError as CacheUnreachable
from redis.exceptions import TimeoutError as CacheSilent

RETRY_SECONDS = 5
FULL = "The disk of this installation is full."
UNREACHABLE = "The database of this installation cannot be reached."
CACHE_UNREACHABLE = "The shared cache of this installation cannot be reached."
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_OF_NO_ROOM = ("disk is full", "No space left on device")
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
        return FULL if any(words in str(error) for words in _OF_NO_ROOM) else UNREACHABLE
    if isinstance(error, (CacheUnreachable, CacheSilent)):
        return CACHE_UNREACHABLE
    return ""
