"""A dry run answers like the real request and leaves nothing behind, in any table of the store."""

from typing import Any

import pytest

from fhirserver.access import READ_ONLY
from fhirserver.connection import fetch
from fhirserver.engine import respond
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.partitions import Partition
from fhirserver.schema import TABLES
from fhirspec import json
from tests.fhirserver.client import BASE, Client

PATIENT = {"resourceType": "Patient", "gender": "male", "name": [{"family": "Everyman"}]}
STORED = {**PATIENT, "id": "one"}


def rehearse(client: Client, method: str, path: str, body: Any = None, **headers: str) -> FhirResponse:
    named = {"content-type": "application/fhir+json", "prefer": "return=representation", **headers}
    path, _, query = path.partition("?")
    pairs = [(pair.partition("=")[0], pair.partition("=")[2]) for pair in query.split("&") if pair]
    content = b"" if body is None else json.encode(body)
    request = FhirRequest(method, path, pairs, named, content, BASE, is_dry_run=True)
    return respond(request, client.partition, client.grant)


def rows(partition: Partition) -> dict[str, list[Any]]:
    """Everything that the store holds for a partition."""
    return {
        table: sorted(
            map(
                str,
                fetch(partition.region, f"SELECT * FROM {table} WHERE partition = %s", [partition.number]),
            )
        )
        for table, definition in TABLES.items()
        if "partition" in definition[0]
    }


TRANSACTION = {
    "resourceType": "Bundle",
    "type": "transaction",
    "entry": [
        {"fullUrl": "urn:uuid:1", "resource": PATIENT, "request": {"method": "POST", "url": "Patient"}},
        {"request": {"method": "DELETE", "url": "Patient/one"}},
        {
            "resource": {
                "resourceType": "Basic",
                "code": {"text": "x"},
                "subject": {"reference": "urn:uuid:1"},
            },
            "request": {"method": "POST", "url": "Basic", "ifNoneExist": "code=nothing"},
        },
    ],
}
WRITES: list[tuple[str, str, Any, dict[str, str], int]] = [
    ("POST", "Patient", PATIENT, {}, 201),
    ("POST", "Patient", PATIENT, {"if-none-exist": "gender=female"}, 201),
    ("PUT", "Patient/one", {**STORED, "gender": "female"}, {"if-match": 'W/"1"'}, 200),
    ("PUT", "Patient/two", {**STORED, "id": "two"}, {}, 201),
    ("PUT", "Patient?gender=male", {**STORED, "gender": "other"}, {}, 200),
    ("PATCH", "Patient/one", [{"op": "add", "path": "/active", "value": True}], {"content-type": "application/json-patch+json"}, 200),
    ("PATCH", "Patient/one", {"active": True}, {"content-type": "application/merge-patch+json"}, 200),
    ("DELETE", "Patient/one", None, {}, 204),
    ("DELETE", "Patient?gender=male", None, {}, 204),
    ("POST", "", TRANSACTION, {}, 200),
    ("POST", "", {**TRANSACTION, "type": "batch"}, {}, 200),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "headers", "status"), WRITES, ids=range(len(WRITES)))
def test_a_dry_run_answers_as_the_write_would_and_leaves_nothing(
    client: Client, method: str, path: str, body: Any, headers: dict[str, str], status: int
) -> None:
    client.put("Patient/one", STORED)
    before = rows(client.partition)
    rehearsed = rehearse(client, method, path, body, **headers)
    assert (rehearsed.status, rehearsed.interaction) == (status, "dry-run")
    assert rows(client.partition) == before
    real = client.request(method, path, body, **headers)
    assert real.status == status
    assert rows(client.partition) != before


def test_a_dry_run_shows_what_would_be_stored(client: Client) -> None:
    client.put("Patient/one", STORED)
    rehearsed = rehearse(client, "PUT", "Patient/one", {**STORED, "gender": "female"})
    shown = json.decode(rehearsed.body if isinstance(rehearsed.body, bytes) else b"")
    assert (shown["gender"], shown["meta"]["versionId"]) == ("female", "2")
    assert client.get("Patient/one").json()["gender"] == "male"


def test_a_dry_run_that_is_refused_says_why_and_leaves_nothing(client: Client) -> None:
    client.put("Patient/one", STORED)
    before = rows(client.partition)
    invalid = {**STORED, "gender": "nobody"}
    assert rehearse(client, "PUT", "Patient/one", invalid).status == 422
    assert rehearse(client, "PUT", "Patient/one", STORED, **{"if-match": 'W/"7"'}).status == 412
    broken = {
        **TRANSACTION,
        "entry": [*TRANSACTION["entry"], {"request": {"method": "PUT", "url": "Patient"}}],
    }
    assert rehearse(client, "POST", "", broken).status == 400
    assert rows(client.partition) == before


def test_a_dry_run_needs_the_same_access_as_the_write(client: Client) -> None:
    client.grant = READ_ONLY
    assert rehearse(client, "POST", "Patient", PATIENT).status == 403
    client.grant = None
    assert rehearse(client, "POST", "Patient", PATIENT).status == 403


def test_writes_go_on_after_a_dry_run(client: Client) -> None:
    rehearse(client, "PUT", "Patient/one", STORED)
    assert client.get("Patient/one").status == 404
    assert client.put("Patient/one", STORED).status == 201
    assert client.get("Patient?gender=male&_total=accurate").json()["total"] == 1
