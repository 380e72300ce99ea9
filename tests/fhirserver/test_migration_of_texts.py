"""Texts that were stored with their punctuation are found without it after the migration."""

from importlib import import_module

from django.apps import apps
from django.db import connections

from fhirserver.connection import execute, fetch
from fhirserver.rows import IndexRows, pack, unpack
from tests.fhirserver.client import Client

migration = import_module("fhirserver.migrations.0007_punctuation_and_parts")


def totals(client: Client) -> list[int]:
    return [client.get(f"Patient?family={name}").json()["total"] for name in ("OBrien", "Smith")]


def test_the_migration_indexes_texts_anew(client: Client, region: str) -> None:
    client.create({"resourceType": "Patient", "name": [{"family": "O'Brien-Smith"}]})
    assert totals(client) == [1, 1]
    # As an earlier version left it, only the texts being other.
    number = client.partition.number
    for rid, packed in fetch(
        region, "SELECT rid, postings FROM fhir_resource WHERE partition = %s", [number]
    ):
        rows = unpack(bytes(packed))
        old = IndexRows(rows.rank, rows.postings, rows.references, [], rows.dates, rows.quantities)
        execute(
            region,
            "UPDATE fhir_resource SET postings = %s WHERE partition = %s AND rid = %s",
            (pack(old), number, rid),
        )
    execute(region, "DELETE FROM fhir_string WHERE partition = %s", [number])
    assert totals(client) == [0, 0]
    migration.index(apps, connections[region].schema_editor())
    assert totals(client) == [1, 1]
