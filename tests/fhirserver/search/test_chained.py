"""Pages of chains of which many are found are walked to: they are those that collecting gives, page by page, forwards and back."""

from typing import Any

import pytest

from fhirserver import bulk
from fhirserver.access import AccessGrant, Permission
from fhirserver.search import chained, page
from tests.fhirserver.client import Client
from tests.fhirserver.search.reading import pages_there_and_back

PATIENTS, OBSERVATIONS = 12, 60
NAMES = ("Anna", "Ben", "Carla")


def patient(number: int) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": f"p{number:02}",
        "name": [{"given": [NAMES[number % 3]]}],
        "birthDate": f"{1950 + number}",
        "generalPractitioner": [{"reference": f"Practitioner/g{number % 2}"}],
    }


def observation(number: int) -> dict[str, Any]:
    """Every seventh is about a group, and every eleventh has its patient within itself."""
    subject = {"reference": f"Patient/p{number * 5 % PATIENTS:02}" if number % 7 else "Group/crowd"}
    made = {
        "resourceType": "Observation",
        "id": f"o{number:02}",
        "status": "final" if number % 4 else "amended",
        "code": {"coding": [{"code": f"c{number % 5}"}]},
        "subject": subject,
        "effectiveDateTime": f"2020-01-{1 + number * 3 % 28:02}",
    }
    if number % 11 == 0:
        within = {"resourceType": "Patient", "id": "within", "name": [{"given": ["Anna"]}]}
        made |= {"contained": [within], "subject": {"reference": "#within"}}
    return made


@pytest.fixture
def loaded(client: Client) -> Client:
    practitioners = [
        {"resourceType": "Practitioner", "id": f"g{number}", "name": [{"family": name}]}
        for number, name in enumerate(("House", "Grey"))
    ]
    group = {
        "resourceType": "Group",
        "id": "crowd",
        "type": "person",
        "actual": True,
        "code": {"text": "Anna"},
    }
    patients = [patient(number) for number in range(PATIENTS)]
    observations = [observation(number) for number in range(OBSERVATIONS)]
    bulk.load(client.partition, [*practitioners, group, *patients, *observations], validate=False)
    client.delete("Observation/o05")
    client.delete("Patient/p03")
    return client


QUERIES = [
    "Observation?patient.name=anna",
    "Observation?subject:Patient.name=anna",
    "Observation?subject.name=anna&status:not=amended",
    "Observation?patient.birthdate=lt1955",
    "Observation?patient.general-practitioner.name=house",
    "Observation?subject:Patient.name:missing=false",
    "Observation?patient.name=anna&patient.birthdate=gt1952",
    "Observation?code=c1&patient.name=anna",
    "Observation?code=c1&subject.name=anna&patient.birthdate=gt1952",
    "Observation?code=c1,c2&patient.name=ben",
    "Observation?subject=Patient/p04&patient.name=ben",
    "Observation?subject=Patient/p04,Patient/p05&subject:Patient.birthdate=gt1953",
    "Patient?_has:Observation:patient:code=c1",
    "Patient?general-practitioner=g0&_has:Observation:patient:code=c1",
    "Patient?_has:Observation:patient:date=ge2020-01-10",
    "Patient?_has:Observation:patient:status=amended&birthdate=ge1951",
    "Patient?_has:Observation:patient:code=c1,c2&_has:Observation:patient:code=c3",
    "Practitioner?_has:Patient:general-practitioner:name=anna",
    "Practitioner?_has:Patient:general-practitioner:_has:Observation:patient:code=c1",
]

COLLECTED = [one for one in QUERIES if "ractitioner" in one or "," in one]
"""What leads there is a chain again, or are several keys."""


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("stretch", [1, 3, 50])
def test_pages_walked_to_are_those_that_are_collected(
    loaded: Client, query: str, stretch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    query += "&_count=4"
    collected = list(pages_there_and_back(loaded, query))
    assert any(collected)
    monkeypatch.setattr(chained, "MANY", 0)
    monkeypatch.setattr(chained, "STRETCH", stretch)
    assert list(pages_there_and_back(loaded, query)) == collected


@pytest.mark.parametrize("query", [one for one in QUERIES if one not in COLLECTED])
def test_the_first_page_of_many_is_found_within_a_stretch(
    loaded: Client, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[int] = []
    tested = page._tested

    def seen(*asked: Any) -> Any:
        rows = tested(*asked)
        found.append(len(rows))
        return rows

    monkeypatch.setattr(page, "_tested", seen)
    monkeypatch.setattr(chained, "MANY", 0)
    loaded.get(f"{query}&_count=1")
    assert len(found) == 1
    assert found[0] > 0


def test_what_few_are_found_by_is_collected(loaded: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("followed the references of a row")

    monkeypatch.setattr(chained, "_tested", never)
    assert loaded.get("Observation?patient.name=anna").status == 200
    assert loaded.get("Patient?_has:Observation:patient:code=c1").status == 200


def test_a_walk_shows_no_more_than_the_grant(loaded: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    own = AccessGrant(
        tuple(Permission(name, frozenset("rs"), ("Patient", "p04")) for name in ("Observation", "Patient"))
    )
    confined = Client(loaded.partition, own)
    queries = ["Observation?patient.name=ben", "Patient?_has:Observation:patient:status=amended"]
    collected = [list(pages_there_and_back(confined, one)) for one in queries]
    monkeypatch.setattr(chained, "MANY", 0)
    assert [list(pages_there_and_back(confined, one)) for one in queries] == collected
    assert collected[1] == [["p04"]]


def test_what_a_whole_walk_does_not_find_is_not_collected(
    loaded: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("collected")

    monkeypatch.setattr(page, "_sorted", never)
    monkeypatch.setattr(chained, "MANY", 0)
    assert loaded.get("Observation?subject=Patient/p04&patient.name=anna").json()["total"] == 0


def test_a_chain_to_many_types_is_collected(loaded: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("asked how many there are")

    monkeypatch.setattr(chained, "_are_many", never)
    assert loaded.get("Provenance?target.identifier=1").status == 200
