"""A search over several types takes the parameters that all of them have, and is sorted by those.

https://hl7.org/fhir/R4/search.html#searchcontexts
"""

from typing import Any

import pytest

from tests.fhirserver.client import Client

RESOURCES: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "p1", "active": True, "name": [{"family": "Moore"}], "gender": "male"},
    {"resourceType": "Patient", "id": "p2", "active": False, "name": [{"family": "Adams"}], "birthDate": "1980"},
    {"resourceType": "Practitioner", "id": "d1", "active": True, "name": [{"family": "Núñez"}], "gender": "male"},
    {"resourceType": "Practitioner", "id": "d2", "name": [{"family": "Baker"}, {"family": "Zorn"}]},
    {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"coding": [{"code": "b"}]},
        "subject": {"reference": "Patient/p2"},
        "effectiveDateTime": "2020-01-01",
    },
    {
        "resourceType": "Condition",
        "id": "c1",
        "code": {"coding": [{"code": "a"}]},
        "subject": {"reference": "Patient/p1"},
    },
]  # fmt: skip


@pytest.fixture
def loaded(client: Client) -> Client:
    for one in RESOURCES:
        assert client.put(f"{one['resourceType']}/{one['id']}", one).status == 201
    return client


def ids(bundle: dict[str, Any]) -> list[str]:
    return [e["resource"]["id"] for e in bundle.get("entry", []) if e["search"]["mode"] == "match"]


def warnings(bundle: dict[str, Any]) -> list[str]:
    outcomes = [e["resource"] for e in bundle.get("entry", []) if e["search"]["mode"] == "outcome"]
    return [issue["diagnostics"] for outcome in outcomes for issue in outcome["issue"]]


@pytest.mark.parametrize("types", ["Patient,Observation", "Observation,Patient"])
def test_what_one_of_the_types_does_not_have_is_ignored_for_all_and_told_once(
    loaded: Client, types: str
) -> None:
    bundle = loaded.get(f"?_type={types}&name=moore&_lastUpdated=gt2000").json()
    assert sorted(ids(bundle)) == ["o1", "p1", "p2"]
    assert warnings(bundle) == [
        "Ignored: name is not a search parameter that this server knows for Observation."
    ]
    assert "name" not in bundle["link"][0]["url"]
    assert "_lastUpdated=gt2000" in bundle["link"][0]["url"]
    strict = loaded.get(f"?_type={types}&name=moore", prefer="handling=strict")
    assert strict.status == 400
    assert "name is not a search parameter" in strict.json()["issue"][0]["diagnostics"]


def test_what_all_of_the_types_have_finds_of_each(loaded: Client) -> None:
    bundle = loaded.get("?_type=Patient,Practitioner&gender=male").json()
    assert (sorted(ids(bundle)), warnings(bundle)) == (["d1", "p1"], [])


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("_type=Patient,Practitioner&_sort=family", "p2 d2 p1 d1"),
        ("_type=Patient,Practitioner&_sort=-family", "d2 d1 p1 p2"),
        ("_type=Patient,Practitioner&_sort=-active,family", "p1 d1 p2 d2"),
        ("_type=Patient,Practitioner&_sort=gender,-name", "d1 p1 d2 p2"),
        ("_type=Observation,Condition&_sort=code", "c1 o1"),
        ("_type=Observation,Condition&_sort=-code", "o1 c1"),
        ("_type=Observation,Condition&_sort=subject", "c1 o1"),
        ("_type=Observation,Condition&_sort=-patient", "o1 c1"),
    ],
)
@pytest.mark.parametrize("count", [1, 20])
def test_types_are_sorted_by_what_they_share(loaded: Client, query: str, order: str, count: int) -> None:
    address, found = f"?{query}&_count={count}", []
    while address:
        bundle = loaded.get(address).json()
        found += ids(bundle)
        address = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
    assert found == order.split()


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("_type=Patient,Observation&_sort=family", "Observation has no such search parameter"),
        ("_type=Patient,Observation&_sort=code", "Patient has no such search parameter"),
        ("_sort=family", "has no such search parameter"),
        ("_type=Evidence,Group&_sort=code,-value", "Evidence has no such search parameter"),
        ("_type=Goal,Immunization&_sort=target-date", "Immunization has no such search parameter"),
    ],
)
def test_what_they_do_not_share_sorts_nothing(loaded: Client, query: str, reason: str) -> None:
    answered = loaded.get(f"?{query}")
    assert answered.status == 400
    assert reason in answered.json()["issue"][0]["diagnostics"]
