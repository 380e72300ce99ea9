"""`manage.py backup`: everything that would be missed, in one file. Fireside may go on running."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from django.conf import settings
from django.db import connections

from config.backup.archive import (
    CHUNK,
    MANIFEST,
    BackupRefused,
    Database,
    Manifest,
    fingerprints,
    kept_places,
)
from config.backup.databases import by_database, copy_out, is_empty, migrations_of
from config.backup.room import free_in, is_no_room, megabytes, most_for_a_backup

Say = Callable[[str], None]


def make_backup(target: Path, say: Say) -> Manifest:
    """Write a backup to `target`, which only its owner may read; half a file never has that name.

    The control database is copied first: what it knows of is then in the regions' copies too. Raises BackupRefused.
    """
    if target.exists():
        raise BackupRefused(f"{target} is there already. Choose another name, or remove it first.")
    if not target.parent.is_dir():
        raise BackupRefused(f"{target.parent} is no folder. Make it first.")
    empty = [alias for alias in connections if is_empty(alias)]
    if empty:
        raise BackupRefused(
            f"There is nothing to back up yet in {', '.join(empty)}: start Fireside once first."
        )
    try:
        return _write(target, say)
    except OSError as error:
        if not is_no_room(error):
            raise
        needed = megabytes(most_for_a_backup(list(by_database())))
        raise BackupRefused(
            f"There is no room for the backup in {target.parent}: while it is made it needs up to {needed}, and"
            f" {megabytes(free_in(target.parent))} are free. Nothing was written. Make room there, or name a file on"
            " another disk."
        ) from error


def _write(target: Path, say: Say) -> Manifest:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        unfinished = Path(folder) / "archive"
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with (
            os.fdopen(descriptor, "w+b") as file,
            ZipFile(file, "w", ZIP_DEFLATED, compresslevel=1) as archive,
        ):
            manifest = _fill(archive, Path(folder), say)
        os.replace(unfinished, target)
    return manifest


def _fill(archive: ZipFile, folder: Path, say: Say) -> Manifest:
    databases, digests = [], {}
    for alias, aliases in by_database().items():
        say(f"Copying the database of {' and '.join(aliases)}")
        copy, member = folder / alias, f"databases/{alias}"
        copy_out(alias, copy)
        digests[member] = _add(archive, copy, member)
        copy.unlink()
        databases.append(Database(member, aliases, connections[alias].vendor, migrations_of(alias)))
    for name, path in _kept_files():
        member = f"files/{name}"
        digests[member] = _add(archive, path, member)
    made = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = Manifest(made, settings.VERSION, databases, digests, fingerprints())
    archive.writestr(MANIFEST, manifest.encode())
    return manifest


def _kept_files() -> list[tuple[str, Path]]:
    """Each file that is kept, by its name in the archive."""
    return [
        (f"{name}/{path.relative_to(top).as_posix()}" if top.is_dir() else name, path)
        for name, top in kept_places().items()
        for path in ([top] if top.is_file() else sorted(top.rglob("*")))
        if path.is_file()
    ]


def _add(archive: ZipFile, path: Path, member: str) -> str:
    """Add the file in pieces, whatever its size; its SHA-256 digest."""
    digest = hashlib.sha256()
    with path.open("rb") as content, archive.open(member, "w", force_zip64=True) as to:
        while piece := content.read(CHUNK):
            digest.update(piece)
            to.write(piece)
    return digest.hexdigest()
