"""Pages of names are merged from the walks along each name: they are those that a sort would give."""

import itertools
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from fhirserver import connection
from fhirserver.connection import is_postgresql, raw_connection
from fhirserver.partitions import Partition
from fhirserver.search import merged
from tests.fhirserver.client import Client
from tests.fhirserver.search.by_type.tables import loaded

NAMES = ["Anna", "Annabel", "Anna Ben", "Ben", "Benno", "ANNA", "Ann", "Carl", "annA", "Bella"]
COUNT = 60


@pytest.fixture(params=[2, merged.MANY_VALUES], ids=["many values", "few values"])
def people(client: Client, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Sixty patients of ten names, some of whom bear two that begin alike."""
    monkeypatch.setattr(merged, "MANY_VALUES", request.param)
    monkeypatch.setattr(merged, "MANY_LOOKED_AT", request.param)
    monkeypatch.setattr(merged, "FEW_ROWS", 0)
    people = {
        f"p{number:02}": {
            "name": [
                {"given": [NAMES[number % 10]], "family": NAMES[number * 7 % 10]},
                {"text": NAMES[number // 10]},
            ],
            "gender": ("male", "female", "other")[number % 3],
            "birthDate": f"{1950 + number}",
        }
        for number in range(COUNT)
    }
    return loaded(client, "Patient", people)


def pages(client: Client, query: str, count: int) -> Iterator[list[str]]:
    """The ids of all pages from the first to the last, and then of those back to the first."""
    address, relation = f"Patient?{query}&_count={count}", "next"
    while True:
        bundle = client.get(address).json()
        yield [one["resource"]["id"] for one in bundle.get("entry", [])]
        links = {one["relation"]: one["url"] for one in bundle["link"]}
        if relation == "next" and "next" not in links:
            relation = "prev"
        if relation not in links:
            return
        address = links[relation]


@pytest.mark.parametrize(
    "query",
    [
        "name=ann",
        "name=anna,ben",
        "name=ann,anna,annabel",
        "name=b&gender=male",
        "name=anna&birthdate=ge1980",
        "name=ann&name=ben",
        "name:exact=Anna",
        "name:exact=Anna,ANNA,Ben",
        "family=ben",
        "name=nobody",
        "name:contains=nn",
        "name:contains=e,ann",
        "name:contains=n&gender=female",
        "name:contains=n&name=ben",
        "name:text=anna ben",
        "family:contains=nobody",
        "name:contains=_",
    ],
)
def test_pages_hold_every_match_once_in_their_order(people: Client, query: str) -> None:
    found = people.get(f"Patient?{query}&_count=1000").json()
    whole = [one["resource"]["id"] for one in found.get("entry", [])]
    listed = people.get(f"Patient?{query}&_sort=_id&_count=1000").json()
    assert sorted(whole) == [one["resource"]["id"] for one in listed.get("entry", [])]
    assert len(whole) == len(set(whole)) == people.get(f"Patient?{query}&_summary=count").json()["total"]
    # Newest first: they were stored in the order of their numbers, perhaps several in one moment.
    ways = list(pages(people, query, 7))
    there, back = ways[: (len(whole) + 6) // 7 or 1], ways[(len(whole) + 6) // 7 or 1 :]
    assert [one for page in there for one in page] == whole
    assert back == there[-2::-1]


def test_a_search_of_a_chain_and_of_a_compartment_merges_as_well(people: Client) -> None:
    whole = [one["resource"]["id"] for one in people.get("Patient?name=anna&_count=50").json()["entry"]]
    linked = {"o": {"subject": {"reference": f"Patient/{whole[3]}"}}}
    loaded(people, "Observation", linked, status="final", code={"text": "x"})
    found = people.get("Patient?name=anna&_has:Observation:patient:status=final").json()["entry"]
    assert [one["resource"]["id"] for one in found] == [whole[3]]
    own = people.get(f"Patient/{whole[0]}/Patient?name=anna").json()["entry"]
    assert [one["resource"]["id"] for one in own] == [whole[0]]
    assert people.get("Observation?subject:Patient.name=anna").json()["total"] == 1


def steps_of(client: Client, address: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many steps of its own machine SQLite takes for the statements of a search, in tens."""
    raw, rows = raw_connection(client.partition.region), connection._rows
    asked: list[tuple[str, Any]] = []

    def remembered(region: str, raw: Any, statement: str, parameters: Any) -> Any:
        asked.append((statement, parameters))
        return rows(region, raw, statement, parameters)

    with monkeypatch.context() as patched:
        patched.setattr(connection, "_rows", remembered)
        assert len(client.get(address).json()["entry"]) == 5
    steps = itertools.count()
    assert isinstance(raw, sqlite3.Connection)
    # Whatever is not 0 would stop it.
    raw.set_progress_handler(lambda: next(steps) and 0, 10)
    for statement, parameters in asked:
        raw.execute(statement.replace("%s", "?"), parameters).fetchall()
    raw.set_progress_handler(None, 0)
    return next(steps)


@pytest.mark.parametrize("query", ["name=an", "name=anna,ben", "name:contains=nn", "name:text=ann"])
def test_of_a_name_that_many_bear_no_more_is_read_than_a_page(
    partition: Partition, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_postgresql(partition.region):
        pytest.skip("PostgreSQL does not count its steps")
    monkeypatch.setattr(merged, "FEW_ROWS", 50)
    # Without look-alikes, whose upkeep runs statements of its own.
    client = Client(partition)
    counted: list[int] = []
    for start in (0, 200, 400, 600):
        loaded(
            client, "Patient", {f"n{start + number}": {"name": [{"family": "Anna"}]} for number in range(200)}
        )
        counted.append(steps_of(client, f"Patient?{query}&_count=5", monkeypatch))
    assert 0 < counted[-1] < counted[0] * 1.2
