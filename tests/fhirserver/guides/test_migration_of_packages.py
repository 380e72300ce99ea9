"""A guide that an earlier version kept with its file stands after the migration, without it."""

from importlib import import_module

from django.apps import apps
from django.db import connections

from fhirserver.connection import execute, fetch
from fhirserver.guides.install import install
from fhirserver.guides.memory import forget_guides, guides_of
from tests.fhirserver.client import Client
from tests.fhirserver.guides.packages import CLAN_PARAMETER, package

migration = import_module("fhirserver.migrations.0009_guides_without_packages")


def test_the_migration_leaves_the_guide_and_drops_its_file(client: Client, region: str) -> None:
    guide = install(client.partition, package([CLAN_PARAMETER]))
    kind = "bytea" if connections[region].vendor == "postgresql" else "blob"
    execute(region, f"ALTER TABLE fhir_guide ADD COLUMN package {kind}")
    execute(region, "UPDATE fhir_guide SET package = content")
    for _ in range(2):
        migration.drop(apps, connections[region].schema_editor())
    described = fetch(region, "SELECT * FROM fhir_guide WHERE partition = %s", [client.partition.number])
    assert [len(row) for row in described] == [3]
    forget_guides(region, client.partition.number)
    assert guides_of(client.partition).installed[0].name == guide.name
