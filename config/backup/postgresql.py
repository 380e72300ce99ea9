"""PostgreSQL's own programs: a database dumped, and put back in one transaction."""

import errno
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from django.db import connections
from django.db.backends.postgresql.client import DatabaseClient

from config.backup.archive import BackupRefused
from config.backup.room import FULL, says_no_room

# Whatever is there, not only what the dump knows of: a later version's tables would stand in the way of its migrations.
_EMPTY = b"""
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
    LOOP
        EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', one.name);
    END LOOP;
    FOR one IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND NOT EXISTS (
            SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
    LOOP
        EXECUTE format('DROP ROUTINE IF EXISTS %s CASCADE', one.name);
    END LOOP;
END
$$;
"""
_FOREIGN = ("--no-owner", "--no-acl")


def dump(alias: str, target: Path) -> None:
    """Raises BackupRefused; OSError where the disk of `target` is full."""
    line = _line(alias, "pg_dump", "--format=custom", "--compress=0", *_FOREIGN, f"--file={target}")
    with tempfile.TemporaryFile() as told:
        if _start(alias, line, told=told).wait() == 0:
            return
        text = _text(told)
    if says_no_room(text):
        raise OSError(errno.ENOSPC, FULL, str(target))
    raise BackupRefused(f"pg_dump failed for {alias}: {text}")


def restore_dump(alias: str, source: Path) -> None:
    """Empty the database and fill it from the dump, all in one transaction. Raises BackupRefused.

    pg_restore alone drops only what the dump knows of. So it writes its script to psql, between a BEGIN and a COMMIT
    that is sent only when the script came to its end.
    """
    script = ["pg_restore", "--clean", "--if-exists", *_FOREIGN, "--file=-", str(source)]
    line = _line(alias, "psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
    with tempfile.TemporaryFile() as told:
        with (
            _start(alias, script, told=told, stdout=subprocess.PIPE) as reading,
            _start(alias, line, told=told, stdin=subprocess.PIPE) as running,
            suppress(BrokenPipeError),  # psql ended at an error, which it told
        ):
            to = cast("IO[bytes]", running.stdin)
            to.write(b"BEGIN;" + _EMPTY)
            shutil.copyfileobj(cast("IO[bytes]", reading.stdout), to)
            to.write(b"COMMIT;\n" if reading.wait() == 0 else b"ROLLBACK;\n")
            to.close()
        if running.returncode or reading.returncode:
            text = _text(told)
            advice = " Make room on the database server's disk." if FULL in text else ""
            raise BackupRefused(f"{alias} could not be restored and is as it was: {text}{advice}")


def _line(alias: str, program: str, *arguments: str) -> list[str]:
    one = connections[alias].settings_dict
    parts = {"--host": one["HOST"], "--port": one["PORT"], "--username": one["USER"], "--dbname": one["NAME"]}
    return [program, *(f"{name}={value}" for name, value in parts.items() if value), *arguments]


def _start(
    alias: str,
    line: list[str],
    *,
    told: IO[bytes],
    stdin: int = subprocess.DEVNULL,
    stdout: int | None = None,
) -> subprocess.Popen[bytes]:
    """A password goes by the environment, never by the line. The C locale: some of its words are looked for."""
    _, secrets = DatabaseClient.settings_to_cmd_args_env(connections[alias].settings_dict, [])
    environment = {**os.environ, **(secrets or {}), "LC_ALL": "C"}
    try:
        return subprocess.Popen(line, env=environment, stdin=stdin, stdout=stdout, stderr=told)  # noqa: S603
    except FileNotFoundError as error:
        raise BackupRefused(
            f"{line[0]} is not installed. Install PostgreSQL's client programs and try again."
        ) from error


def _text(told: IO[bytes]) -> str:
    told.seek(0)
    return told.read().decode(errors="replace").strip()
