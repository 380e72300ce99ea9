"""The searches of the first tour: token, string, reference, date, `_id`, with pages that stay in place."""

from typing import Any

import pytest

from fhirserver import bulk
from fhirserver.access import AccessGrant, Permission
from tests.fhirserver.client import Client


def people() -> list[dict[str, Any]]:
    return [
        {
            "resourceType": "Patient",
            "id": f"p{number}",
            "gender": "male" if number % 2 else "female",
            "birthDate": f"19{60 + number}-03-01",
            "name": [{"family": "Möller" if number < 3 else "Smith"}],
            "identifier": [{"system": "urn:mrn", "value": str(number)}],
        }
        for number in range(6)
    ]


@pytest.fixture
def filled(client: Client) -> Client:
    seen = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    observations = [
        {
            **seen,
            "id": f"o{n}",
            "subject": {"reference": f"Patient/p{n}"},
            "effectiveDateTime": f"202{n}-01-01",
        }
        for n in range(4)
    ]
    bulk.load(client.partition, [*people(), *observations])
    return client


def found(client: Client, address: str) -> set[str]:
    answered = client.get(address)
    assert answered.status == 200, answered.body
    entries = answered.json().get("entry", [])
    return {one["resource"]["id"] for one in entries if one["search"]["mode"] == "match"}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("Patient?gender=male", {"p1", "p3", "p5"}),
        ("Patient?gender=male,female&_id=p0,p1", {"p0", "p1"}),
        ("Patient?identifier=urn:mrn|4", {"p4"}),
        ("Patient?identifier=5", {"p5"}),
        ("Patient?name=moll", {"p0", "p1", "p2"}),
        ("Patient?family:exact=Smith", {"p3", "p4", "p5"}),
        ("Patient?birthdate=ge1964", {"p4", "p5"}),
        ("Patient?birthdate=1962-03", {"p2"}),
        ("Patient?_lastUpdated=lt2000", set()),
        ("Observation?subject=Patient/p2", {"o2"}),
        ("Observation?patient=p3", {"o3"}),
        ("Observation?date=gt2021-06-01", {"o2", "o3"}),
        ("Patient/p1/Observation", {"o1"}),
    ],
)
def test_a_search_finds_what_matches(filled: Client, address: str, expected: set[str]) -> None:
    assert found(filled, address) == expected


def test_a_form_searches_as_an_address_does(filled: Client) -> None:
    form = "application/x-www-form-urlencoded"
    answered = filled.post("Patient/_search", b"gender=male&_count=1", content_type=form)
    assert answered.status == 200
    assert len(answered.json()["entry"]) == 1


def test_pages_follow_each_other_while_data_changes(filled: Client) -> None:
    page = filled.get("Patient?_count=2").json()
    filled.create({"resourceType": "Patient"})
    seen = [entry["resource"]["id"] for entry in page["entry"]]
    while following := [link["url"] for link in page["link"] if link["relation"] == "next"]:
        page = filled.get(following[0]).json()
        seen += [entry["resource"]["id"] for entry in page["entry"]]
    assert sorted(seen) == [f"p{number}" for number in range(6)]


def test_a_search_stays_inside_of_the_grant(filled: Client) -> None:
    grant = AccessGrant((Permission("*", frozenset("rs"), ("Patient", "p1")),))
    confined = Client(filled.partition, grant)
    assert found(confined, "Observation") == {"o1"}
    assert found(confined, "Patient?gender=male") == {"p1"}
    assert found(confined, "Observation?patient=p2") == set()


def test_an_unknown_parameter_is_told_and_refused_when_strict(filled: Client) -> None:
    lenient = filled.get("Patient?nonsense=1").json()
    assert [entry["search"]["mode"] for entry in lenient["entry"]].count("outcome") == 1
    assert filled.get("Patient?nonsense=1", prefer="handling=strict").status == 400
    assert filled.get("Patient?birthdate=soon").status == 400
