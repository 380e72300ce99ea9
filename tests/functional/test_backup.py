"""`manage.py backup` and `restore`: everything is lost, then everything is there again, row by row."""

import os
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


class Installation:
    """Control database and one region in SQLite, another region in PostgreSQL, all this test's own."""

    def __init__(self, home: Path, postgres: str) -> None:
        self.home, self.postgres, self.name = home, postgres, f"fireside_backup_{uuid.uuid4().hex[:12]}"
        self.region = postgres.rsplit("/", 1)[0] + "/" + self.name
        self.upload = home.parent / "transfers" / "abc" / "upload"  # TRANSFER_DIR is outside of FIRESIDE_HOME

    def manage(self, *arguments: str | Path, fails: bool = False) -> str:
        """What `manage.py` says; it must end well, or badly with `fails`."""
        done = subprocess.run(
            [sys.executable, "manage.py", *map(str, arguments)],
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


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    home = tmp_path / "home"
    home.mkdir()
    made = Installation(home, settings.TEST_POSTGRES_URL)
    made.upload.parent.mkdir(parents=True)
    made.upload.write_bytes(b"patients")
    made.administer("CREATE DATABASE {}")
    try:
        made.prepare()
        yield made
    finally:
        made.administer("DROP DATABASE IF EXISTS {} WITH (FORCE)")


def test_everything_lost_is_there_again_after_a_restore(installation: Installation, tmp_path: Path) -> None:
    installation.manage("shell", "-c", FILL)
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
    installation.manage("shell", "-c", FILL)
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


def test_a_backup_while_writes_go_on_holds_whole_transactions(
    installation: Installation, tmp_path: Path
) -> None:
    archive = tmp_path / "busy.zip"
    installation.manage("shell", "-c", FILL)
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
