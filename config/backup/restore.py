"""`manage.py restore`: put back what a backup holds. Fireside must not run meanwhile."""

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from django.db import connections
from django.db.migrations.loader import MigrationLoader

from config.backup.archive import BackupRefused, Database, Manifest, fingerprints, kept_places, open_archive
from config.backup.databases import copy_back, is_empty
from config.backup.unpacking import Unpacked, unpack

Say = Callable[[str], None]


def restore_backup(source: Path, *, replace: bool, say: Say) -> Manifest:
    """Put the backup's databases and files in place of those of this installation.

    All is checked and unpacked before anything is changed. Raises BackupRefused: for a damaged archive, another layout
    of databases, data in the way (unless `replace`), a newer Fireside's backup, keys that are missing here, a full disk.
    """
    archive, manifest = open_archive(source)
    with archive, ExitStack() as held:
        _check(manifest, replace)
        say("The archive is whole; unpacking it")
        unpacked = unpack(archive, manifest, held)
        # PostgreSQL first: it can still refuse, while a SQLite database is a file that takes another's name.
        order = sorted(unpacked.databases, key=lambda alias: connections[alias].vendor)
        for place, alias in enumerate(order):
            say(f"Restoring {alias}")
            _put_database(alias, unpacked.databases[alias], order[:place])
        _put_files(unpacked)
    return manifest


def _put_database(alias: str, source: Path, done: list[str]) -> None:
    """Raises BackupRefused, which says what was put back before: together they make no installation."""
    try:
        copy_back(alias, source)
    except (BackupRefused, OSError) as error:
        after = (
            f" {' and '.join(done)} came back already: mend this, then restore with --replace."
            if done
            else ""
        )
        raise BackupRefused(f"{error}{after}") from error


def _check(manifest: Manifest, replace: bool) -> None:
    held = {alias: one for one in manifest.databases for alias in one.aliases}
    if set(held) != set(connections):
        raise BackupRefused(
            f"The backup holds the databases {', '.join(sorted(held))}; this installation has"
            f" {', '.join(sorted(connections))}. Set DATABASE_URL and FIRESIDE_REGIONS as they were."
        )
    for alias, one in held.items():
        if connections[alias].vendor != one.vendor:
            raise BackupRefused(
                f"{alias} was kept in {one.vendor}: point it to an empty database of that kind."
            )
    in_the_way = [alias for alias in connections if not is_empty(alias)]
    if in_the_way and not replace:
        raise BackupRefused(
            f"There is data already in {', '.join(in_the_way)}. Give --replace to lose it, or choose empty databases."
        )
    _check_migrations(manifest.databases)
    if "files/secrets.json" not in manifest.digests and not set(manifest.field_keys) & set(fingerprints()):
        raise BackupRefused(
            "Secrets in the backup are encrypted with keys that are not in FIELD_ENCRYPTION_KEYS. Add them."
        )


def _check_migrations(databases: list[Database]) -> None:
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    apps = {name.split(".")[0] for name in known}
    ahead = {
        one for database in databases for one in database.migrations if one.split(".")[0] in apps
    } - known
    if ahead:
        raise BackupRefused(
            f"A newer Fireside made this backup ({min(ahead)} is unknown here). Install that version first."
        )


def _put_files(unpacked: Unpacked) -> None:
    """Replace the kept files by the archive's, which lie on the same disks already."""
    for name, target in kept_places().items():
        for old in set(target.iterdir()) - unpacked.folders if target.is_dir() else ():
            shutil.rmtree(old) if old.is_dir() else old.unlink()
        new = unpacked.files.get(name)
        if new is None:
            continue
        if new.is_dir():
            target.mkdir(exist_ok=True)
            for one in new.iterdir():
                os.replace(one, target / one.name)
            target.chmod(0o700)
        else:
            os.replace(new, target)
            target.chmod(0o600)
