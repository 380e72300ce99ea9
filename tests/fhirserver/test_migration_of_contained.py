"""What was stored before contained resources, places and composites of three were indexed is found after the migration."""

from importlib import import_module

from django.apps import apps
from django.db import connections

from fhirserver.connection import execute, fetch
from fhirserver.rows import IndexRows, pack, unpack
from tests.fhirserver.client import Client

migration = import_module("fhirserver.migrations.0005_contained")
PLACE = {"resourceType": "Location", "position": {"latitude": 42.36, "longitude": -71.06}}
ALLELE = {
    "resourceType": "MolecularSequence",
    "coordinateSystem": 1,
    "referenceSeq": {
        "chromosome": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/chromosome-human", "code": "1"}]},
        "windowStart": 128273725,
        "windowEnd": 128273736,
    },
}  # fmt: skip
HOLDER = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "x"},
    "subject": {"reference": "#p"},
    "contained": [{"resourceType": "Patient", "id": "p", "name": [{"family": "Holm"}]}],
}
SEARCHES = (
    "Location?near=42.36|-71.06|5|km",
    "MolecularSequence?chromosome-window-coordinate=1$ge128273720$le128273740",
    "Patient?_contained=true&name=holm",
    "Observation?subject:Patient.name=holm",
)


def totals(client: Client) -> list[int]:
    return [client.get(search).json()["total"] for search in SEARCHES]


def as_stored_before(client: Client) -> None:
    """The store as an earlier version left it: without the rows that are new since."""
    region, number = client.partition.region, client.partition.number
    for rid, packed in fetch(
        region, "SELECT rid, postings FROM fhir_resource WHERE partition = %s", [number]
    ):
        rows = unpack(bytes(packed))
        old = IndexRows(rows.rank, rows.postings, rows.references, rows.strings, rows.dates, [])
        execute(
            region,
            "UPDATE fhir_resource SET postings = %s WHERE partition = %s AND rid = %s",
            (pack(old), number, rid),
        )
        for one in rows.contained:
            for table in ("posting", "reference", "string"):
                execute(
                    region, f"DELETE FROM fhir_{table} WHERE partition = %s AND rid = %s", (number, one.rid)
                )
    execute(region, "DELETE FROM fhir_quantity WHERE partition = %s", [number])


def test_the_migration_indexes_what_was_stored_before(client: Client, region: str) -> None:
    for resource in (PLACE, ALLELE, HOLDER):
        client.create(resource)
    assert totals(client) == [1] * len(SEARCHES)
    as_stored_before(client)
    assert totals(client) == [0] * len(SEARCHES)
    # Not entered: inside of a test's transaction SQLite would not let it change tables, and this changes none.
    migration.index(apps, connections[region].schema_editor())
    assert totals(client) == [1] * len(SEARCHES)
