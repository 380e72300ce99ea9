"""_sort by every type of parameter, with several keys, both ways, and without values: the same on every database."""

from typing import Any

import pytest

from fhirserver import bulk
from fhirserver.search import walk
from fhirserver.search.limits import MAX_SORT
from fhirspec import json
from tests.fhirserver.client import Client

PATIENTS: list[dict[str, Any]] = [
    {
        "id": "a",
        "active": True,
        "gender": "female",
        "birthDate": "1970-01-31",
        "name": [{"family": "Zúñiga"}, {"family": "Abel"}],
        "identifier": [{"system": "urn:mrn", "value": "20"}, {"system": "urn:mrn", "value": "90"}],
        "telecom": [{"system": "email", "value": "z@example.org"}, {"system": "phone", "value": "1"}],
        "generalPractitioner": [{"reference": "Practitioner/2"}],
        "meta": {"source": "http://b.example"},
    },
    {
        "id": "b",
        "active": False,
        "gender": "male",
        "birthDate": "1980",
        "name": [{"family": "müller"}],
        "identifier": [{"system": "urn:mrn", "value": "10"}],
        "telecom": [{"system": "phone", "value": "0"}, {"system": "email", "value": "a@example.org"}],
        "generalPractitioner": [{"reference": "Practitioner/1"}],
        "meta": {"source": "http://a.example"},
    },
    {"id": "c", "gender": "male"},
]
RISKS: list[dict[str, Any]] = [
    {"id": f"r{number}", "prediction": [{"probabilityDecimal": number / 10}]} for number in (3, 1, 2)
]
SUBJECTS = {"v1": "Patient/b", "v2": "Patient/a", "v3": "Group/0"}


def observation(logical_id: str, code: str, value: int) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": logical_id,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": SUBJECTS[logical_id]},
        "valueQuantity": {"value": value, "unit": "mg"},
    }


@pytest.fixture(params=["sorted", "walked", "walked a little"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few matches are sorted, many are read along an index as far as a stretch goes."""
    if request.param != "sorted":
        monkeypatch.setattr(walk, "MANY", 0)
    if request.param == "walked a little":
        monkeypatch.setattr(walk, "STRETCH", 1)


@pytest.fixture
def loaded(client: Client) -> Client:
    risks = [
        {"resourceType": "RiskAssessment", "status": "final", "subject": {"reference": "Patient/a"}, **one}
        for one in RISKS
    ]
    patients = [{"resourceType": "Patient", **one} for one in PATIENTS]
    values = [observation("v1", "9", 7), observation("v2", "1", 9), observation("v3", "1", 8)]
    resources = [*patients, *risks, *values]
    bulk.load(client.partition, json.decode(json.encode(resources)), validate=True)
    return client


def order(client: Client, query: str) -> str:
    answered = client.get(query)
    assert answered.status == 200, answered.body
    return " ".join(one["resource"]["id"] for one in answered.json().get("entry", []))


ORDERS = {
    "Patient?_sort=_id": "a b c",
    "Patient?_sort=-_id": "c b a",
    "Patient?_sort=_lastUpdated,_id": "a b c",
    # Of several values the least counts when ascending, the greatest when descending; none comes last.
    "Patient?_sort=family": "a b c",
    "Patient?_sort=-family": "a b c",
    "Patient?_sort=birthdate": "a b c",
    "Patient?_sort=-birthdate": "b a c",
    "Patient?_sort=gender,_id": "a b c",
    "Patient?_sort=-gender,_id": "b c a",
    "Patient?_sort=-gender,-_id": "c b a",
    "Patient?_sort=active": "b a c",
    "Patient?_sort=-active": "a b c",
    "Patient?_sort=identifier": "b a c",
    "Patient?_sort=-identifier": "a b c",
    "Patient?_sort=email": "b a c",
    "Patient?_sort=phone": "b a c",
    "Patient?_sort=telecom": "b a c",
    "Patient?_sort=general-practitioner": "b a c",
    "Patient?_sort=-general-practitioner": "a b c",
    "Patient?_sort=_source": "b a c",
    "Patient?_sort=-_source": "a b c",
    "RiskAssessment?_sort=probability": "r1 r2 r3",
    "RiskAssessment?_sort=-probability": "r3 r2 r1",
    "Observation?_sort=value-quantity": "v1 v3 v2",
    "Observation?_sort=-value-quantity": "v2 v3 v1",
    "Observation?_sort=code,value-quantity": "v3 v2 v1",
    "Observation?_sort=-code,-value-quantity": "v1 v2 v3",
    "Observation?_sort=combo-code,-value-quantity": "v2 v3 v1",
    "Observation?_sort=subject": "v3 v2 v1",
    "Observation?_sort=patient": "v2 v1 v3",
    "?_type=Patient,RiskAssessment&_sort=-_id": "r3 r2 r1 c b a",
}


def test_each_sort_has_its_order(loaded: Client) -> None:
    assert {query: order(loaded, query) for query in ORDERS} == ORDERS


@pytest.mark.parametrize(
    ("sort", "reason"),
    [
        ("_score", "score"),
        ("nosuch", "nosuch"),
        ("code-value-quantity", "composite"),
        (",".join(["date"] * (MAX_SORT + 1)), "MAX_SORT"),
    ],
)
def test_what_cannot_be_sorted_by_is_refused_with_the_reason(client: Client, sort: str, reason: str) -> None:
    answered = client.get(f"Observation?_sort={sort}")
    assert answered.status == 400
    assert reason in answered.json()["issue"][0]["diagnostics"]


def links(bundle: dict[str, Any]) -> dict[str, str]:
    return {one["relation"]: one["url"] for one in bundle["link"]}


@pytest.mark.parametrize(
    "query",
    [
        "Patient?_count=1",
        "Patient?_sort=family&_count=1",
        "Patient?_sort=-gender,_id&_count=1",
        "Patient?_sort=-active&_count=1",
        "Observation?_sort=-date&_count=1",
        "Observation?_sort=code,-value-quantity&_count=1",
        "?_type=Patient,RiskAssessment&_count=2",
        "?_type=Patient,RiskAssessment&_sort=_id&_count=2",
    ],
)
def test_prev_leads_back_over_the_same_pages(loaded: Client, query: str) -> None:
    forth = [loaded.get(query).json()]
    while following := links(forth[-1]).get("next"):
        forth.append(loaded.get(following).json())
    back = [forth[-1]]
    while previous := links(back[-1]).get("prev"):
        back.append(loaded.get(previous).json())
    assert len(forth) == 3
    assert [page["entry"] for page in reversed(back)] == [page["entry"] for page in forth]
    assert "prev" not in links(forth[0])
    assert all(links(page)["first"] == links(forth[0])["self"] for page in forth)


def test_next_of_an_earlier_page_leads_forward_again(loaded: Client) -> None:
    first = loaded.get("Patient?_sort=_id&_count=1").json()
    second = loaded.get(links(first)["next"]).json()
    again = loaded.get(links(second)["prev"]).json()
    assert loaded.get(links(again)["next"]).json()["entry"] == second["entry"]


def test_keys_may_come_one_by_one(loaded: Client) -> None:
    """ "_sort: can repeat for inner sort orders" """
    for query in ("_sort=gender&_sort=-_id", "_sort=gender,-_id"):
        entries = loaded.get(f"Patient?{query}").json()["entry"]
        assert [one["resource"]["id"] for one in entries] == ["a", "c", "b"]
