"""A database copied out and back: SQLite by its own online backup, PostgreSQL by its own programs."""

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from django.db import connections
from django.db.migrations.recorder import MigrationRecorder

from config.backup.archive import BackupRefused
from config.backup.postgresql import dump, restore_dump
from config.backup.room import FULL

_SIDE_FILES = ("-wal", "-shm", "-journal")


def by_database() -> dict[str, list[str]]:
    """The first alias of each database to all aliases that are kept in it."""
    found: dict[tuple[str, ...], list[str]] = {}
    for alias in connections:
        one = connections[alias].settings_dict
        found.setdefault(tuple(str(one[part]) for part in ("ENGINE", "HOST", "PORT", "NAME")), []).append(
            alias
        )
    return {aliases[0]: aliases for aliases in found.values()}


def migrations_of(alias: str) -> list[str]:
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connections[alias]).applied_migrations())


def is_empty(alias: str) -> bool:
    """Whether nothing was ever stored there: neither tables nor migrations."""
    connection = connections[alias]
    if connection.vendor == "sqlite" and not Path(connection.settings_dict["NAME"]).exists():
        return True
    try:
        return not connection.introspection.table_names()
    finally:
        connection.close()


def copy_out(alias: str, target: Path) -> None:
    """Write the database as it is at one moment to `target`; readers and writers go on meanwhile."""
    if connections[alias].vendor == "sqlite":
        source = Path(connections[alias].settings_dict["NAME"])
        try:
            with closing(sqlite3.connect(source)) as from_, closing(sqlite3.connect(target)) as to:
                from_.backup(to)
                to.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.Error as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise OSError(errno.ENOSPC, FULL, str(target)) from error
            raise BackupRefused(f"{alias} could not be copied: {error}.") from error
    else:
        dump(alias, target)


def copy_back(alias: str, source: Path) -> None:
    """Replace the database by the copy in `source`, on the same disk for SQLite: all of it or, when that fails, nothing."""
    connections[alias].close()
    if connections[alias].vendor == "sqlite":
        target = Path(connections[alias].settings_dict["NAME"])
        for side in _SIDE_FILES:
            target.with_name(target.name + side).unlink(missing_ok=True)
        os.replace(source, target)
    else:
        restore_dump(alias, source)
