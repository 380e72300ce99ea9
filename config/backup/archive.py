"""What is in a backup: a ZIP archive with `manifest.json` and the members that it lists, each with its SHA-256 digest.

`databases/<alias>`: a whole SQLite database, or a PostgreSQL dump in pg_dump's custom format. `files/<path>`: what lay below
FIRESIDE_HOME and cannot be made again, and below `files/transfers` what lay in TRANSFER_DIR.
"""

import hashlib
import json
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self
from zipfile import BadZipFile, ZipFile

from django.conf import settings

MANIFEST = "manifest.json"
FORMAT = 1
CHUNK = 1 << 20
# Catalogue, presets and static files are made again by the first run; a cache and a run's lock belong to that run.
KEPT_FILES = ("secrets.json", "demo.json", "mail", "transfers")


def kept_places() -> dict[str, Path]:
    """Where each of the kept files and directories lies here."""
    return {name: settings.HOME / name for name in KEPT_FILES} | {"transfers": Path(settings.TRANSFER_DIR)}


class BackupRefused(Exception):
    """A backup cannot be made or restored as things are; nothing was changed. The text says what to do."""


@dataclass(frozen=True)
class Database:
    """One database: the aliases that are kept in it, its kind and the migrations it has seen (`app.name`)."""

    member: str
    aliases: list[str]
    vendor: str
    migrations: list[str]


@dataclass(frozen=True)
class Manifest:
    """When the backup was made (ISO 8601), by which version, and what it holds."""

    made: str
    version: str
    databases: list[Database]
    digests: dict[str, str]
    field_keys: list[str]
    format: int = FORMAT

    def encode(self) -> bytes:
        return json.dumps(asdict(self), indent=2).encode()

    @classmethod
    def decode(cls, text: bytes) -> Self:
        """The manifest in `text`. Raises BackupRefused for one that another version of Fireside must read."""
        try:
            read: dict[str, Any] = json.loads(text)
            if read["format"] != FORMAT:
                raise BackupRefused(
                    f"This backup has format {read['format']}; this Fireside reads format {FORMAT}."
                )
            databases = [Database(**one) for one in read.pop("databases")]
            return cls(databases=databases, **read)
        except (ValueError, KeyError, TypeError) as error:
            raise BackupRefused(
                "The archive's manifest cannot be read: this is no backup of Fireside's."
            ) from error


def fingerprints() -> list[str]:
    """A digest of each key that secrets at rest are encrypted with, so that a restore can tell whether it has them."""
    return [hashlib.sha256(key.encode()).hexdigest()[:16] for key in settings.FIELD_ENCRYPTION_KEYS]


def open_archive(path: Path) -> tuple[ZipFile, Manifest]:
    """The archive, every member compared with its digest. Raises BackupRefused for one that is damaged."""
    try:
        archive = ZipFile(path)
        manifest = Manifest.decode(archive.read(MANIFEST))
        for member in dict.fromkeys([*(one.member for one in manifest.databases), *manifest.digests]):
            if _digest(archive, member) != manifest.digests[member]:
                raise _damaged(member)
    except (BadZipFile, KeyError) as error:
        raise BackupRefused(f"{path} is no backup of Fireside's, or it was cut short.") from error
    except OSError as error:
        raise BackupRefused(f"{path} cannot be read: {error.strerror or error}.") from error
    return archive, manifest


def _damaged(member: str) -> BackupRefused:
    return BackupRefused(f"{member} in the archive is damaged. Restore from another backup.")


def _digest(archive: ZipFile, member: str) -> str:
    """Raises BackupRefused where it cannot even be unpacked: a bit that flipped shows there first."""
    with archive.open(member) as content:
        try:
            return hashlib.file_digest(content, "sha256").hexdigest()  # type: ignore[arg-type]
        except (zlib.error, BadZipFile, EOFError) as error:
            raise _damaged(member) from error
