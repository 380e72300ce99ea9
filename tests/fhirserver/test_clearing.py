"""A partition is cleared a slice at a time: others write meanwhile, and what they wrote is there as a whole."""

import threading
from collections.abc import Callable

import pytest
from django.db import connections

from fhirserver import clearing
from fhirserver.clearing import clear
from fhirserver.connection import fetch
from fhirserver.guides.install import install
from fhirserver.partitions import Partition, counts_by_type
from fhirserver.schema import PARTITIONED_TABLES
from tests.fhirserver.client import Client
from tests.fhirserver.guides.packages import CLAN_PARAMETER, package
from tests.fhirserver.guides.test_installing import CODES

pytestmark = pytest.mark.django_db(databases=["region_local", "region_pg"], transaction=True)
MANY = 20
WAIT = 60  # seconds after which a test that hangs fails


@pytest.fixture
def slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clearing, "SLICE", 3)


def _patient(number: int, text: str) -> dict[str, object]:
    return {
        "resourceType": "Patient",
        "id": f"p{number}",
        "gender": "male" if number % 2 else "female",
        "name": [{"family": text}],
        "birthDate": "1980-01-01",
        "generalPractitioner": [{"reference": "Practitioner/one"}],
        "contained": [{"resourceType": "Organization", "id": "o", "name": text}],
        "managingOrganization": {"reference": "#o"},
    }


def _elsewhere(work: Callable[[], None]) -> None:
    """On a connection of its own, which waits for as long as another holds a lock."""

    def run() -> None:
        work()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(WAIT)
    assert not thread.is_alive()


def _rows(partition: Partition) -> dict[str, int]:
    counts = {
        table: fetch(
            partition.region, f"SELECT count(*) FROM {table} WHERE partition = %s", [partition.number]
        )[0][0]
        for table in PARTITIONED_TABLES
    }
    return {table: count for table, count in counts.items() if count}


@pytest.mark.usefixtures("slices")
def test_nothing_is_left_of_what_was_there(committed: Client) -> None:
    for number in range(MANY):
        committed.put(f"Patient/p{number}", _patient(number, "Before"))
        committed.put(f"Patient/p{number}", _patient(number, "Then"))
    committed.delete("Patient/p0")
    assert committed.get("Patient?_text=Then").status == 200
    committed.put("Patient/p1", _patient(1, "Now"))
    told: list[int] = []
    assert clear(committed.partition, told.append) == MANY - 1
    assert told[-1] == MANY - 1
    assert len(told) == MANY // clearing.SLICE + 1
    assert _rows(committed.partition) == {}


@pytest.mark.usefixtures("slices")
def test_what_others_write_meanwhile_is_there_as_a_whole(committed: Client) -> None:
    for number in range(MANY):
        committed.put(f"Patient/p{number}", _patient(number, "Before"))

    def write(done: int) -> None:
        answers = [
            committed.put(f"Patient/p{number}", _patient(number, f"While{done}")) for number in range(MANY)
        ]
        assert {answer.status for answer in answers} <= {200, 201}

    clear(committed.partition, lambda done: _elsewhere(lambda: write(done)))
    there = {f"p{n}" for n in range(MANY) if committed.get(f"Patient/p{n}").status == 200}
    assert there
    for query in ("gender=male,female", "family=While", "birthdate=1980", "_sort=family"):
        found = committed.get(f"Patient?{query}&_count=100").json()
        assert {entry["resource"]["id"] for entry in found["entry"]} == there, query
        assert found["total"] == len(there), query
    # Neither rows without a resource nor a resource without rows.
    assert committed.get("Patient?organization.name=While&_summary=count").json()["total"] == len(there)
    clear(committed.partition)
    assert _rows(committed.partition) == {}


@pytest.mark.usefixtures("slices")
def test_a_clear_that_was_stopped_goes_on(committed: Client) -> None:
    for number in range(MANY):
        committed.put(f"Patient/p{number}", _patient(number, "Before"))

    class Stopped(Exception):
        pass

    def stop(done: int) -> None:
        if done > MANY // 2:
            raise Stopped

    with pytest.raises(Stopped):
        clear(committed.partition, stop)
    left = committed.get("Patient?gender=male,female&_summary=count").json()["total"]
    assert counts_by_type(committed.partition) == {"Patient": left}
    assert 0 < left < MANY // 2
    assert clear(committed.partition) == left
    assert _rows(committed.partition) == {}


@pytest.mark.usefixtures("slices")
def test_guides_are_there_all_the_while(committed: Client) -> None:
    install(committed.partition, package([CODES, CLAN_PARAMETER]))
    for number in range(MANY):
        committed.put(f"Patient/p{number}", _patient(number, "Before"))
    seen: list[int] = []
    clear(committed.partition, lambda done: seen.append(committed.get("CodeSystem/clans").status))
    assert set(seen) == {200}
    assert committed.get("CodeSystem?_id=clans").json()["total"] == 1
    assert committed.get("Patient").json()["total"] == 0
