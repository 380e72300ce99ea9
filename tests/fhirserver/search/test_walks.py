"""A sorted page of many matches is read along an index, page by page as it would be sorted."""

from typing import Any

import pytest

from fhirserver import bulk
from fhirserver.search import page, walk
from tests.fhirserver.client import Client

MANY = 30
FAMILIES = ("Ash", "Birch", "Cedar")


def patient(number: int) -> dict[str, Any]:
    # Some bear one name twice.
    given = f"{'Anna' if number % 4 else 'Dan'}{number % 6}" if number % 7 else FAMILIES[number % 3]
    names = [
        {"family": FAMILIES[number % 3], "given": [given]},
        {"family": FAMILIES[(number + 1) % 3], "suffix": ["Elm"]},
    ]
    return {
        "resourceType": "Patient",
        "id": f"p{number:02}",
        "gender": "male" if number % 2 else "female",
        "name": names if number % 5 else [],
        "birthDate": f"{1950 + number % 7}",
    }


@pytest.fixture
def loaded(client: Client) -> Client:
    bulk.load(client.partition, [patient(number) for number in range(MANY)], validate=False)
    client.delete("Patient/p01")
    return client


def pages(client: Client, query: str) -> list[list[str]]:
    answer, found = client.get(query).json(), []
    while True:
        found.append([one["resource"]["id"] for one in answer.get("entry", [])])
        following = [one["url"] for one in answer["link"] if one["relation"] == "next"]
        if not following:
            return found
        answer = client.get(following[0]).json()


@pytest.mark.parametrize(
    "sort",
    [
        "family",
        "-family",
        "name",
        "-name,_id",
        "birthdate",
        "-birthdate,-_id",
        "family,-birthdate",
        "_lastUpdated",
        "-_lastUpdated",
    ],
)
@pytest.mark.parametrize("condition", ["", "&gender=female", "&_lastUpdated=ge2020-01-01"])
def test_walked_pages_are_the_sorted_ones(
    loaded: Client, sort: str, condition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = f"Patient?_sort={sort}{condition}&_count=4"
    sorted_pages = pages(loaded, query)
    walks: list[int] = []
    walked = page._walked

    def seen(*arguments: Any) -> Any:
        rows = walked(*arguments)
        walks.append(len(rows))
        return rows

    monkeypatch.setattr(page, "_walked", seen)
    monkeypatch.setattr(walk, "MANY", 0)
    assert pages(loaded, query) == sorted_pages
    assert walks[0] == 5
    assert sum(len(each) for each in sorted_pages) == len({one for each in sorted_pages for one in each})


def test_a_search_by_time_starts_from_what_few_have_changed(loaded: Client) -> None:
    changed = loaded.put("Patient/p07", patient(7) | {"active": True})
    since = changed.json()["meta"]["lastUpdated"].replace("+", "%2B")
    assert pages(loaded, f"Patient?_lastUpdated=ge{since}") == [["p07"]]
    assert sum(map(len, pages(loaded, f"Patient?_lastUpdated=lt{since}"))) == MANY - 2
