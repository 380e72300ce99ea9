"""A backup's members unpacked beside the places that they go to: what does not fit shows before anything is changed."""

import tempfile
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

from django.conf import settings
from django.db import connections

from config.backup.archive import BackupRefused, Manifest
from config.backup.room import free_in, is_no_room, megabytes


@dataclass(frozen=True)
class Unpacked:
    """`databases`: the first alias of each to its copy; `folders`: all that goes away when the restore is over."""

    databases: dict[str, Path]
    files: dict[str, Path]
    folders: frozenset[Path]


def unpack(archive: ZipFile, manifest: Manifest, held: ExitStack) -> Unpacked:
    """Unpack every member on the disk where it is to lie. `held` removes what is left. Raises BackupRefused."""
    places = {member: _place_of(member, manifest) for member in manifest.digests}
    needed: dict[int, int] = defaultdict(int)
    for member, place in places.items():
        place.mkdir(parents=True, exist_ok=True)
        needed[place.stat().st_dev] += archive.getinfo(member).file_size
    for place in set(places.values()):
        if needed[place.stat().st_dev] > free_in(place):
            raise _no_room(place, needed[place.stat().st_dev])
    folders: dict[Path, Path] = {}
    for member, place in places.items():
        try:
            if place not in folders:
                folders[place] = Path(
                    held.enter_context(tempfile.TemporaryDirectory(dir=place, prefix=".restore-"))
                )
            archive.extract(member, folders[place])  # keeps every path inside the folder
        except OSError as error:
            if not is_no_room(error):
                raise
            raise _no_room(place, needed[place.stat().st_dev]) from error
    databases = {one.aliases[0]: folders[places[one.member]] / one.member for one in manifest.databases}
    files = {
        name: folders[place] / member.split("/")[0] / name
        for member, place in places.items()
        if member.startswith("files/")
        for name in [member.split("/")[1]]
    }
    return Unpacked(databases, files, frozenset(folders.values()))


def _place_of(member: str, manifest: Manifest) -> Path:
    """The directory whose disk the member ends on; a PostgreSQL dump only passes through FIRESIDE_HOME."""
    for one in manifest.databases:
        connection = connections[one.aliases[0]]
        if one.member == member and connection.vendor == "sqlite":
            return Path(connection.settings_dict["NAME"]).parent
    return Path(settings.TRANSFER_DIR if member.startswith("files/transfers/") else settings.HOME)


def _no_room(place: Path, needed: int) -> BackupRefused:
    return BackupRefused(
        f"There is no room on the disk of {place}: what the backup holds for it needs {megabytes(needed)} beside"
        f" what is there now, and {megabytes(free_in(place))} are free. Nothing was changed. Make room, then"
        " restore again."
    )
