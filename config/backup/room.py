"""When a disk is full: how much is needed where, in words that say what to do."""

import errno
import os
import shutil
from pathlib import Path

from django.db import connections

from config.backup.archive import kept_places

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
FULL = os.strerror(errno.ENOSPC)


def is_no_room(error: OSError) -> bool:
    return error.errno in NO_ROOM


def says_no_room(text: str) -> bool:
    """Whether a program's own words (in the C locale) say that it could not write. A server's begin with ERROR: another disk."""
    return "ERROR:" not in text and any(os.strerror(number) in text for number in NO_ROOM)


def free_in(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def megabytes(size: int) -> str:
    """For instance 1,204.7 MB; never less than there is."""
    return f"{-(-size // 100_000) / 10:,.1f} MB"


def most_for_a_backup(aliases: list[str]) -> int:
    """Bytes at most while a backup is made: all of it packed badly, beside a plain copy of the largest database."""
    databases = [_size_of(alias) for alias in aliases]
    files = (path for top in kept_places().values() for path in [top, *top.rglob("*")])
    return (
        sum(databases)
        + max(databases, default=0)
        + sum(path.stat().st_size for path in files if path.is_file())
    )


def _size_of(alias: str) -> int:
    connection = connections[alias]
    if connection.vendor == "sqlite":
        return Path(connection.settings_dict["NAME"]).stat().st_size
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])
