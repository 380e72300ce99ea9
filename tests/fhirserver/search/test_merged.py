"""Pages of names are merged from the walks along each name: they are those that a sort would give."""

import pytest

from fhirserver.partitions import Partition
from fhirserver.search import merged
from tests.fhirserver.client import Client
from tests.fhirserver.search.by_type.tables import loaded
from tests.fhirserver.search.reading import pages_there_and_back, require_no_more_read

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
    ways = list(pages_there_and_back(people, f"Patient?{query}&_count=7"))
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


@pytest.mark.parametrize("query", ["name=an", "name=anna,ben", "name:contains=nn", "name:text=ann"])
def test_of_a_name_that_many_bear_no_more_is_read_than_a_page(
    partition: Partition, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merged, "FEW_ROWS", 50)
    anna = {"resourceType": "Patient", "name": [{"family": "Anna"}]}
    require_no_more_read(partition, anna, f"Patient?{query}&_count=5", monkeypatch)
