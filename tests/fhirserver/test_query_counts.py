"""How many statements each request runs on the store: pinned, so that none creeps in. The same on every database unless it is said."""

from collections.abc import Callable
from typing import Any

import pytest

from fhirserver.connection import is_postgresql
from fhirserver.guides import memory
from fhirserver.partitions import Partition
from fhirserver.statement_time import spent
from tests.fhirserver.client import Answered, Client

Json = dict[str, Any]
Ask = Callable[[Client], Answered]
ADA: Json = {
    "resourceType": "Patient",
    "name": [{"family": "Ada"}],
    "generalPractitioner": [{"reference": "Practitioner/doctor"}],
}


def observation(**more: Any) -> Json:
    subject = {"reference": "Patient/ada"}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": subject,
        **more,
    }


def bundle(kind: str, method: str, number: int, url: str, **resource: Any) -> Json:
    """So many entries; `{}` in the address or an id is an entry's number."""
    entries = []
    for at in range(number):
        entry: Json = {"request": {"method": method, "url": url.format(at)}}
        if resource:
            named = {name: value.format(at) for name, value in resource.items() if name == "id"}
            entry["resource"] = observation(**named)
        entries.append(entry)
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def get(address: str) -> Ask:
    return lambda client: client.get(address)


def post(address: str, body: Json, **headers: str) -> Ask:
    return lambda client: client.post(address, body, **headers)


PATCH = [{"op": "add", "path": "/gender", "value": "female"}]
COUNTS: dict[str, tuple[int, Ask]] = {
    "read": (1, get("Patient/ada")),
    "read of what is not there": (1, get("Patient/nobody")),
    "vread": (1, get("Patient/ada/_history/1")),
    "search": (1, get("Observation?patient=ada&_count=5")),
    "search by text": (1, get("Patient?name=ada")),
    "search, sorted by date": (1, get("Observation?_sort=-date")),
    "search, sorted by a value": (2, get("Observation?_sort=status,_id")),
    "search through a chain": (2, get("Observation?patient.name=ada")),
    "search through _has": (2, get("Patient?_has:Observation:patient:status=final")),
    "search by _filter": (1, get("Observation?_filter=status eq final or patient.name eq ada")),
    "search of a compartment": (1, get("Patient/ada/Observation")),
    "search of two types": (2, get("?_type=Patient,Observation")),
    "search, with total": (2, get("Observation?_total=accurate&_count=5")),
    "search, total only": (1, get("Observation?_summary=count")),
    "search, with include": (2, get("Observation?_include=Observation:patient")),
    "search, with revinclude": (2, get("Patient?_revinclude=Observation:patient")),
    "search, with both": (
        3,
        get("Patient?_revinclude=Observation:patient&_include=Patient:general-practitioner"),
    ),
    "search, with include of what is included": (
        3,
        get("Observation?_include=Observation:patient&_include:iterate=Patient:general-practitioner"),
    ),
    "create": (1, post("Patient", ADA)),
    "update": (2, lambda client: client.put("Patient/ada", {**ADA, "id": "ada", "active": True})),
    "update of what is not there": (2, lambda client: client.put("Patient/new", {**ADA, "id": "new"})),
    "patch": (
        2,
        lambda client: client.request(
            "PATCH", "Patient/ada", PATCH, content_type="application/json-patch+json"
        ),
    ),
    "delete": (2, lambda client: client.delete("Observation/o1")),
    "history of a resource": (3, get("Patient/ada/_history")),
    "history of a type": (2, get("Patient/_history")),
    "history of all": (3, get("_history")),
    "$everything": (3, get("Patient/ada/$everything")),
    "$everything, a page": (3, get("Patient/ada/$everything?_count=5")),
    "$meta": (1, get("Patient/ada/$meta")),
    "$validate": (0, post("Patient/$validate", ADA)),
    "metadata": (0, get("metadata")),
    "transaction of one create": (1, post("", bundle("transaction", "POST", 1, "Observation", body="new"))),
    "transaction of forty": (1, post("", bundle("transaction", "POST", 40, "Observation", body="new"))),
    "transaction of one update": (2, post("", bundle("transaction", "PUT", 1, "Observation/t{}", id="t{}"))),
    "transaction of forty updates": (
        2,
        post("", bundle("transaction", "PUT", 40, "Observation/t{}", id="t{}")),
    ),
    # Each entry of a batch stands alone.
    "batch of seven reads": (7, post("", bundle("batch", "GET", 7, "Patient/ada"))),
}
# PostgreSQL takes a lock for a condition; SQLite has one writer anyway.
LOCKED: dict[str, tuple[int, Ask]] = {
    "conditional create": (2, post("Patient", ADA, if_none_exist="identifier=none")),
    "conditional update": (2, lambda client: client.put("Patient?identifier=none", ADA)),
    "conditional delete": (1, lambda client: client.delete("Patient?identifier=none")),
}


@pytest.fixture
def client(partition: Partition, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Without look-alikes, whose upkeep runs statements of its own, and without the look for guides once a second."""
    monkeypatch.setattr(memory, "LIFETIME", 3600.0)
    made = Client(partition)
    made.put("Practitioner/doctor", {"resourceType": "Practitioner", "id": "doctor"})
    made.put("Patient/ada", {**ADA, "id": "ada"})
    made.post("", bundle("transaction", "PUT", 40, "Observation/o{}", id="o{}"))
    return made


def _statements(client: Client, ask: Ask) -> int:
    before = spent.count
    answered = ask(client)
    assert answered.status < 300 or answered.status == 404, answered.body
    return spent.count - before


def test_each_request_runs_as_few_statements_as_it_did(client: Client) -> None:
    found = {name: _statements(client, ask) for name, (_, ask) in COUNTS.items()}
    assert found == {name: number for name, (number, _) in COUNTS.items()}


def test_a_condition_costs_a_search_and_its_lock(client: Client) -> None:
    lock = int(is_postgresql(client.partition.region))
    found = {name: _statements(client, ask) for name, (_, ask) in LOCKED.items()}
    assert found == {name: number + lock for name, (number, _) in LOCKED.items()}
