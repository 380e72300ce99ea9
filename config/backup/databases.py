"""A database copied out and back: SQLite by its own online backup, PostgreSQL by pg_dump and pg_restore."""

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from django.db import connections
from django.db.backends.postgresql.client import DatabaseClient
from django.db.migrations.recorder import MigrationRecorder

from config.backup.archive import BackupRefused

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
            raise BackupRefused(f"{alias} could not be copied: {error}.") from error
    else:
        _postgresql(
            alias, "pg_dump", "--format=custom", "--compress=0", "--no-owner", "--no-acl", f"--file={target}"
        )


def copy_back(alias: str, source: Path) -> None:
    """Replace the database by the copy in `source`: all of it or, when that fails, nothing."""
    connections[alias].close()
    if connections[alias].vendor == "sqlite":
        target = Path(connections[alias].settings_dict["NAME"])
        beside = Path(shutil.move(source, target.with_name(target.name + ".restored")))
        for side in _SIDE_FILES:
            target.with_name(target.name + side).unlink(missing_ok=True)
        os.replace(beside, target)
    else:
        how = ("--clean", "--if-exists", "--single-transaction", "--exit-on-error", "--no-owner", "--no-acl")
        _postgresql(alias, "pg_restore", *how, str(source))


def _postgresql(alias: str, program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs on the database; its password goes by the environment, never by the line."""
    _, environment = DatabaseClient.settings_to_cmd_args_env(connections[alias].settings_dict, [])
    one = connections[alias].settings_dict
    parts = {"--host": one["HOST"], "--port": one["PORT"], "--username": one["USER"], "--dbname": one["NAME"]}
    line = [program, *(f"{name}={value}" for name, value in parts.items() if value), *arguments]
    try:
        environment = {**os.environ, **(environment or {})}
        subprocess.run(line, env=environment, check=True, capture_output=True, text=True)  # noqa: S603
    except FileNotFoundError as error:
        raise BackupRefused(
            f"{program} is not installed. Install PostgreSQL's client programs and try again."
        ) from error
    except subprocess.CalledProcessError as error:
        raise BackupRefused(f"{program} failed for {alias}: {error.stderr.strip()}") from error
