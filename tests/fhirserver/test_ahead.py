"""What is new in a large transaction is sent to the database while the rest is worked out: it is all or nothing all the same."""

from typing import Any

import pytest

from fhirserver.access import FULL
from fhirserver.connection import is_postgresql
from fhirserver.dialect.ahead import CHUNK, LEAST
from fhirserver.engine import respond
from fhirserver.http import FhirRequest
from fhirserver.interactions import transaction as transactions
from fhirserver.partitions import count_resources
from fhirserver.rehearsal import INTERACTION
from fhirserver.statement_time import spent
from fhirspec import json
from tests.fhirserver.bundles import entry, observation, patient, transaction
from tests.fhirserver.client import Client

pytestmark = pytest.mark.django_db(databases=["region_local", "region_pg"], transaction=True)
MANY = LEAST + CHUNK
Json = dict[str, Any]


def large(*more: Json) -> Json:
    """A patient with many observations, all new, and more behind."""
    seen = [entry("POST", "Observation", observation("urn:uuid:a")) for _ in range(MANY)]
    return transaction(entry("POST", "Patient", patient(), "urn:uuid:a"), *seen, *more)


def request(body: Json) -> FhirRequest:
    headers = {"content-type": "application/fhir+json"}
    return FhirRequest("POST", "", [], headers, json.encode(body), "https://fhir.example.org/r4")


def test_a_large_transaction_is_sent_in_parts_and_answered_in_order(committed: Client) -> None:
    committed.put("Patient/old", patient(id="old"))
    before = spent.count
    answered = committed.post("", large(entry("PUT", "Patient/old", patient(id="old", gender="other"))))
    assert answered.status == 200, answered.body
    statements, told = spent.count - before, [one["response"] for one in answered.json()["entry"]]
    assert [one["status"][:3] for one in told] == ["201"] * (MANY + 1) + ["200"]
    address = told[0]["location"].partition("/_history")[0].rpartition("/Patient/")[2]
    assert committed.get(f"Observation?subject={address}&_summary=count").json()["total"] == MANY
    if is_postgresql(committed.partition.region):
        # The versions to replace, a part when it is full, the others when the database is ready for them, and what is replaced.
        assert 4 <= statements <= 2 + -(-(MANY + 1) // CHUNK)


@pytest.mark.parametrize(
    ("last", "status"),
    [
        (entry("POST", "Patient", patient(gender="unheard of")), 422),
        (entry("PUT", "Patient/x", patient(id="x"), ifMatch='W/"7"'), 412),
        (entry("GET", "Patient/nobody"), 404),
        (entry("POST", "Observation", observation("Patient?identifier=nobody")), 412),
    ],
    ids=["invalid", "of another version", "a read of nothing", "a reference to nothing"],
)
def test_what_fails_behind_it_takes_it_back(committed: Client, last: Json, status: int) -> None:
    assert committed.post("", large(last)).status == status
    assert "entry" not in committed.get("_history").json()
    assert count_resources(committed.partition) == 0
    assert committed.post("", large()).status == 200


def test_one_that_the_database_refuses_takes_all_back(
    committed: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The same ids each time that it is tried; the last is taken in the store.
    made = iter([f"made-{number % (MANY + 1)}" for number in range(100 * MANY)])
    monkeypatch.setattr(transactions, "new_logical_id", lambda: next(made))
    taken = f"made-{MANY}"
    committed.put(f"Observation/{taken}", {**observation("Patient/x"), "id": taken})
    answered = committed.post("", large())
    assert answered.status == 409, answered.body
    assert committed.get("Observation?_summary=count").json()["total"] == 1
    assert committed.get("Observation/made-1").status == 404
    assert committed.put("Patient/next", patient(id="next")).status == 201


def test_no_room_for_the_last_of_them_takes_all_back(committed: Client) -> None:
    room = [MANY]

    def admit(coming: int) -> bool:
        room[0] -= coming
        return room[0] >= 0

    asked = request(large())
    answered = respond(asked, committed.partition, FULL, admit)
    assert answered.status == 507
    assert count_resources(committed.partition) == 0


def test_a_rehearsal_of_it_leaves_nothing(committed: Client) -> None:
    asked = request(large())
    asked.is_dry_run = True
    answered = respond(asked, committed.partition, FULL)
    assert (answered.status, answered.interaction) == (200, INTERACTION)
    assert "entry" not in committed.get("_history").json()


def test_whether_there_is_room_is_asked_once_for_all_that_is_sent_ahead(committed: Client) -> None:
    asked: list[int] = []
    answered = respond(
        request(large()), committed.partition, FULL, admit=lambda coming: bool(asked.append(coming)) or True
    )
    assert answered.status == 200
    assert sum(asked) == MANY + 1
    assert len(asked) == 1


def test_a_transaction_for_which_there_is_no_room_leaves_nothing(committed: Client) -> None:
    answered = respond(request(large()), committed.partition, FULL, admit=lambda coming: coming < MANY)
    assert answered.status == 507
    assert count_resources(committed.partition) == 0
