"""A page sorted by a code of few is read code by code, as it would be sorted, and costs what it shows."""

import itertools
from typing import Any

import pytest

from fhirserver import bulk
from fhirserver.access import AccessGrant, Permission
from fhirserver.indexing.definitions import closed_codes
from fhirserver.partitions import Partition
from fhirserver.search import page, walk
from tests.fhirserver.client import Client
from tests.fhirserver.search.reading import require_no_more_read
from tests.fhirserver.search.test_sorting import links
from tests.fhirserver.search.test_walks import pages

MANY = 40
GENDERS = ("other", "female", None, "male", "unknown")
ANSWERS = ("tentative", "accepted", "needs-action")


def patient(number: int) -> dict[str, Any]:
    made = {
        "resourceType": "Patient",
        "id": f"p{number:02}",
        "name": [{"family": f"Family {number % 4}"}] if number % 7 else [],
        "birthDate": f"{1950 + number % 7}",
        "active": bool(number % 2),
    }
    gender = GENDERS[number % 5]
    return {**made, "gender": gender} if gender else made


def appointment(number: int) -> dict[str, Any]:
    """Of one to three answers."""
    answers = [ANSWERS[(number + more) % 3] for more in range(number % 4)]
    return {
        "resourceType": "Appointment",
        "id": f"a{number:02}",
        "status": ("booked", "arrived", "noshow")[number % 3],
        "participant": [
            {"actor": {"reference": f"Patient/p{number % 3:02}"}, "status": answer} for answer in answers
        ],
    }


@pytest.fixture
def loaded(client: Client) -> Client:
    made = [one(number) for one in (patient, appointment) for number in range(MANY)]
    bulk.load(client.partition, made, validate=False)
    client.delete("Patient/p01")
    return client


@pytest.mark.parametrize(
    "query",
    [
        "Patient?_sort=gender",
        "Patient?_sort=-gender",
        "Patient?_sort=gender,-birthdate",
        "Patient?_sort=-gender,family",
        "Patient?_sort=gender,family,_id",
        "Patient?_sort=-gender,-_id",
        "Patient?_sort=gender&active=true",
        "Patient?_sort=gender&gender:missing=true",
        "Patient?_sort=gender&gender:missing=false",
        "Patient?_sort=gender&gender=male,female",
        "Patient?_sort=-gender&family=family&birthdate=ge1953",
        "Patient?_sort=gender&_id=p02,p03,p04,p05,p06,p07",
        "Patient?_sort=gender&_has:Appointment:patient:status=booked",
        "Appointment?_sort=part-status",
        "Appointment?_sort=-part-status,status",
        "Appointment?_sort=status,-part-status",
    ],
)
def test_pages_are_the_sorted_ones_there_and_back(
    loaded: Client, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = f"{query}&_count=3"
    expected = pages(loaded, query)
    listed: list[int] = []
    by_code = page._listed

    def seen(*arguments: Any) -> Any:
        rows = by_code(*arguments)
        listed.append(len(rows))
        return rows

    monkeypatch.setattr(page, "_listed", seen)
    monkeypatch.setattr(walk, "MANY", 0)
    assert pages(loaded, query) == expected
    assert max(listed) > 0
    bundle = loaded.get(query).json()
    while following := links(bundle).get("next"):
        bundle = loaded.get(following).json()
    back = [bundle]
    while previous := links(back[-1]).get("prev"):
        back.append(loaded.get(previous).json())
    assert [[one["resource"]["id"] for one in each.get("entry", [])] for each in reversed(back)] == expected


def test_what_no_value_set_names_comes_last_and_is_never_lost(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    genders = ["male", "imported", None, "female"]
    made = [
        {"resourceType": "Patient", "id": str(number), **({"gender": gender} if gender else {})}
        for number, gender in enumerate(genders)
    ]
    bulk.load(client.partition, made, validate=False)
    monkeypatch.setattr(walk, "MANY", 0)
    shown = list(itertools.chain.from_iterable(pages(client, "Patient?_sort=gender&_count=1")))
    assert shown[:2] == ["3", "0"]
    assert sorted(shown[2:]) == ["1", "2"]


def test_a_confined_caller_is_shown_no_others(loaded: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MANY", 0)
    grant = AccessGrant((Permission("*", frozenset("rs"), ("Patient", "p02")),))
    shown = pages(Client(loaded.partition, grant), "Appointment?_sort=status&_count=4")
    assert sorted(itertools.chain.from_iterable(shown)) == [
        f"a{number:02}" for number in range(MANY) if number % 3 == 2 and number % 4
    ]


def test_few_codes_are_listed_and_many_are_not() -> None:
    assert closed_codes("Patient", "gender") == {"male", "female", "other", "unknown"}
    assert "noshow" in closed_codes("Appointment", "status")
    for resource_type, code in (
        ("Patient", "active"),
        ("Patient", "identifier"),
        ("Condition", "clinical-status"),
    ):
        assert closed_codes(resource_type, code) == frozenset()


def test_of_a_code_that_many_have_no_more_is_read_than_a_page(
    partition: Partition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "MANY", 50)
    male = {"resourceType": "Patient", "gender": "male"}
    require_no_more_read(partition, male, "Patient?_sort=-gender&_count=5", monkeypatch)
