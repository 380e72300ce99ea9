"""`manage.py backup` and `restore`: everything is lost, then everything is there again, row by row."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from config.supervisor import only_run
from tests.functional.conftest import CHECKOUT

pytestmark = pytest.mark.postgres

# An account, a secret at rest and patients in both regions, all by the product's own services.
FILL = """
from fhirserver import bulk, partitions
from portal.models import User
from portal.services.tenants import create_tenant
user = User.objects.create_user("ada@example.org", "correct-horse-battery", name="Ada")
create_tenant("Lovelace", owner=user)
for region in ("region_local", "region_pg"):
    bulk.load(partitions.reserve(region), ({"resourceType": "Patient", "id": str(n)} for n in range(50)))
"""

# The same on and on: a tenant with its owner, and a patient in each region.
WRITE = """
from itertools import count
from fhirserver import bulk, partitions
from fhirserver.partitions import Partition
from portal.models import User
from portal.services.tenants import create_tenant
user = User.objects.get()
for n in count(50):
    create_tenant(f"Tenant {n}", owner=user)
    for region in ("region_local", "region_pg"):
        bulk.load(Partition(region, 1), [{"resourceType": "Patient", "id": str(n)}])
    if n == 50:
        print("begun", flush=True)
"""


# A mount of one's own, which nobody else sees; at the end what the command left there is told.
ON_SMALL_DISK = (
    *("unshare", "--user", "--map-root-user", "--mount", "sh", "-c"),
    'mount -t tmpfs -o size=2m tmpfs "$0" && "$@"; code=$?; echo "left: $(ls -A "$0")"; exit $code',
)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Where a disk of 2 MB is mounted for a command."""
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run([*ON_SMALL_DISK, str(folder), "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a small disk (unshare --user --mount)")
    return folder


class Installation:
    """Control database and one region in SQLite, another region in PostgreSQL, all this test's own."""

    def __init__(self, home: Path, postgres: str) -> None:
        self.home, self.postgres, self.name = home, postgres, f"fireside_backup_{uuid.uuid4().hex[:12]}"
        self.region = postgres.rsplit("/", 1)[0] + "/" + self.name
        self.upload = home.parent / "transfers" / "abc" / "upload"  # TRANSFER_DIR is outside of FIRESIDE_HOME

    def manage(self, *arguments: str | Path, fails: bool = False, small: Path | None = None) -> str:
        """What `manage.py` says; it must end well, or badly with `fails`. `small`: a folder on a disk of 2 MB."""
        line = [sys.executable, "manage.py", *map(str, arguments)]
        done = subprocess.run(
            line if small is None else [*ON_SMALL_DISK, str(small), *line],
            cwd=CHECKOUT, env=self.environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout + done.stderr

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        regions = f"local=sqlite:///{self.home}/regions/local.sqlite3 pg={self.region}"
        kept["TRANSFER_DIR"] = str(self.home.parent / "transfers")
        return {**kept, "FIRESIDE_HOME": str(self.home), "FIRESIDE_REGIONS": regions}

    def administer(self, statement: str) -> None:
        with psycopg.connect(self.postgres, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(self.name)))

    def prepare(self) -> None:
        (self.home / "catalogue").symlink_to(settings.CATALOGUE_DIR)
        for alias in ("default", "region_local", "region_pg"):
            self.manage("migrate", "--database", alias, "--verbosity", "0")

    def lose(self) -> None:
        for path in [
            self.upload,
            self.home / "control.sqlite3",
            self.home / "secrets.json",
            *(self.home / "regions").iterdir(),
        ]:
            path.unlink()
        self.administer("DROP DATABASE {}")
        self.administer("CREATE DATABASE {}")

    def rows(self) -> dict[str, Any]:
        """Every row of every table of the three databases, the secrets and what was uploaded."""
        found: dict[str, Any] = {"secrets": (self.home / "secrets.json").read_bytes()}
        found["upload"] = self.upload.read_bytes()
        for path in (self.home / "control.sqlite3", self.home / "regions" / "local.sqlite3"):
            with closing(sqlite3.connect(path)) as connection:
                tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                for (table,) in tables:
                    found[f"{path.name}.{table}"] = sorted(
                        map(repr, connection.execute(f'SELECT * FROM "{table}"'))
                    )
        with psycopg.connect(self.region) as pg:
            tables = pg.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (table,) in tables:
                rows = pg.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall()
                found[f"pg.{table}"] = sorted(map(repr, rows))
        return found


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Migrated and filled once; each test has a copy of it."""
    home = tmp_path_factory.mktemp("filled") / "home"
    home.mkdir()
    made = Installation(home, settings.TEST_POSTGRES_URL)
    made.administer("CREATE DATABASE {}")
    try:
        made.prepare()
        made.manage("shell", "-c", FILL)
        yield made
    finally:
        made.administer("DROP DATABASE IF EXISTS {} WITH (FORCE)")


@pytest.fixture
def installation(tmp_path: Path, filled: Installation) -> Iterator[Installation]:
    home = tmp_path / "home"
    shutil.copytree(filled.home, home, symlinks=True)
    made = Installation(home, settings.TEST_POSTGRES_URL)
    made.upload.parent.mkdir(parents=True)
    made.upload.write_bytes(b"patients")
    made.administer("CREATE DATABASE {} TEMPLATE " + filled.name)
    try:
        yield made
    finally:
        made.administer("DROP DATABASE IF EXISTS {} WITH (FORCE)")


def test_everything_lost_is_there_again_after_a_restore(installation: Installation, tmp_path: Path) -> None:
    before, archive = installation.rows(), tmp_path / "backup.zip"
    installation.manage("backup", archive)
    assert archive.stat().st_mode & 0o077 == 0
    assert len(before["pg.fhir_resource"]) == len(before["local.sqlite3.fhir_resource"]) == 50
    assert "is there already" in installation.manage("backup", archive, fails=True)

    installation.lose()
    installation.manage("restore", archive)
    assert installation.rows() == before

    installation.manage("shell", "-c", "from portal.models import User; User.objects.update(name='Eve')")
    assert "Give --replace" in installation.manage("restore", archive, fails=True)
    assert installation.rows() != before
    installation.manage("restore", archive, "--replace")
    assert installation.rows() == before


def test_a_restore_that_cannot_be_whole_changes_nothing(installation: Installation, tmp_path: Path) -> None:
    archive, cut, forged = (tmp_path / name for name in ("backup.zip", "cut.zip", "forged.zip"))
    installation.manage("backup", archive)
    before = installation.rows()

    cut.write_bytes(archive.read_bytes()[:-2000])
    assert "cut short" in installation.manage("restore", cut, "--replace", fails=True)
    with zipfile.ZipFile(archive) as whole, zipfile.ZipFile(forged, "w") as changed:
        for name in whole.namelist():
            changed.writestr(name, whole.read(name) + (b" " if name.startswith("databases/") else b""))
    assert "is damaged" in installation.manage("restore", forged, "--replace", fails=True)
    flipped = tmp_path / "flipped.zip"
    bits = bytearray(archive.read_bytes())
    bits[len(bits) // 2] ^= 0b100
    flipped.write_bytes(bits)
    assert "is damaged" in installation.manage("restore", flipped, "--replace", fails=True)
    with only_run(installation.home):
        assert "already runs" in installation.manage("restore", archive, "--replace", fails=True)
    assert installation.rows() == before


def test_a_backup_of_an_older_version_is_brought_up_to_date(
    installation: Installation, tmp_path: Path
) -> None:
    """What `make run` does first, `migrate`, finds the restored databases as an older version left them."""
    archive = tmp_path / "older.zip"
    before = installation.rows()
    installation.manage("migrate", "credentials", "0006", "--verbosity", "0")
    older = installation.rows()
    assert len(older["control.sqlite3.django_migrations"]) < len(before["control.sqlite3.django_migrations"])
    installation.manage("backup", archive)
    installation.lose()
    installation.manage("restore", archive)
    assert installation.rows() == older
    installation.manage("migrate", "--verbosity", "0")
    assert installation.rows().keys() == before.keys()
    assert len(installation.rows()["control.sqlite3.portal_user"]) == 1


def test_a_restore_replaces_what_a_newer_version_made(installation: Installation, tmp_path: Path) -> None:
    """The way back from an upgrade: tables and functions that the backup does not know go too."""
    before, archive = installation.rows(), tmp_path / "older.zip"
    installation.manage("backup", archive)
    with psycopg.connect(installation.region) as pg:
        pg.execute("CREATE TABLE later (migration bigint REFERENCES django_migrations (id))")
        pg.execute("CREATE FUNCTION later() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM later'")
    installation.manage("restore", archive, "--replace")
    assert installation.rows() == before
    with psycopg.connect(installation.region) as pg, pytest.raises(psycopg.errors.UndefinedFunction):
        pg.execute("SELECT later()")


def test_a_full_disk_ends_a_backup_with_what_to_do(installation: Installation, small: Path) -> None:
    installation.upload.write_bytes(os.urandom(2_200_000))
    told = installation.manage("backup", small / "backup.zip", fails=True, small=small)
    assert "There is no room for the backup" in told
    assert "name a file on another disk" in told
    assert "left: \n" in told
    with sqlite3.connect(installation.home / "control.sqlite3") as control:
        control.execute("CREATE TABLE large AS SELECT randomblob(3000000) AS content")
    told = installation.manage("backup", small / "backup.zip", fails=True, small=small)
    assert "There is no room for the backup" in told


def test_a_restore_that_has_no_room_changes_nothing(
    installation: Installation, small: Path, tmp_path: Path
) -> None:
    installation.upload.write_bytes(os.urandom(3_000_000))
    archive, transfers = tmp_path / "backup.zip", installation.upload.parents[1]
    installation.manage("backup", archive)
    installation.manage("shell", "-c", "from portal.models import User; User.objects.update(name='Eve')")
    before = installation.rows()
    told = installation.manage("restore", archive, "--replace", fails=True, small=transfers)
    assert f"There is no room on the disk of {transfers}" in told
    assert "Nothing was changed. Make room" in told
    assert "left: \n" in told
    assert installation.rows() == before


def test_a_database_that_takes_no_more_is_as_it_was(installation: Installation, tmp_path: Path) -> None:
    archive, cut = tmp_path / "backup.zip", tmp_path / "cut.zip"
    installation.manage("backup", archive)
    with zipfile.ZipFile(archive) as whole, zipfile.ZipFile(cut, "w") as changed:
        manifest = json.loads(whole.read("manifest.json"))
        for name in manifest["digests"]:
            content = whole.read(name)
            content = content[: len(content) * 9 // 10] if name == "databases/region_pg" else content
            manifest["digests"][name] = hashlib.sha256(content).hexdigest()
            changed.writestr(name, content)
        changed.writestr("manifest.json", json.dumps(manifest))
    before = installation.rows()
    told = installation.manage("restore", cut, "--replace", fails=True)
    assert "region_pg could not be restored and is as it was" in told
    assert installation.rows() == before


def test_a_backup_while_writes_go_on_holds_whole_transactions(
    installation: Installation, tmp_path: Path
) -> None:
    archive = tmp_path / "busy.zip"
    with subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", WRITE],
        cwd=CHECKOUT, env=installation.environment(), stdout=subprocess.PIPE, text=True,
    ) as writing:  # fmt: skip
        assert writing.stdout is not None
        assert writing.stdout.readline() == "begun\n"
        installation.manage("backup", archive)
        assert writing.poll() is None
        writing.terminate()
    installation.lose()
    installation.manage("restore", archive)
    rows = installation.rows()
    assert len(rows["control.sqlite3.portal_tenant"]) == len(rows["control.sqlite3.portal_membership"]) > 1
    for store in ("local.sqlite3", "pg"):
        resources, postings = len(rows[f"{store}.fhir_resource"]), len(rows[f"{store}.fhir_posting"])
        assert resources > 50
        # Patients without anything but an id are all found by the same number of postings.
        assert postings % resources == 0
