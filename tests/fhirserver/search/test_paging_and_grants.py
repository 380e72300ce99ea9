"""Links of a page while data changes: what was there all the time is shown once, and nobody sees what is not theirs.

Also where a link was given to a caller of wider access, and where a resource leaves the record between two pages.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from fhirserver import bulk
from fhirserver.access import AccessGrant, Permission
from tests.fhirserver.client import Client

Json = dict[str, Any]
OWN = Permission("*", frozenset("rs"), ("Patient", "ann"))
ANN = AccessGrant((OWN,))
FINAL = AccessGrant((Permission("*", frozenset("rs"), ("Patient", "ann"), "status=final"),))


def observation(logical_id: str, patient: str = "ann", **more: Any) -> Json:
    return {
        "resourceType": "Observation",
        "id": logical_id,
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": f"2020-01-{int(logical_id[1:]) + 1:02}",
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">words</div>'},
        **more,
    }


@pytest.fixture
def records(client: Client) -> Client:
    """Twelve of Ann, and between them twelve of Ben."""
    patients = [{"resourceType": "Patient", "id": name} for name in ("ann", "ben")]
    listed = [observation(f"o{at}", ("ann", "ben")[at % 2]) for at in range(24)]
    bulk.load(client.partition, [*patients, *listed])
    return client


def pages(client: Client, address: str) -> Iterator[list[Json]]:
    while address:
        answered = client.get(address)
        assert answered.status == 200, answered.body
        page = answered.json()
        yield [entry["resource"] for entry in page.get("entry", [])]
        address = next((link["url"] for link in page["link"] if link["relation"] == "next"), "")


def ids(resources: list[Json]) -> set[str]:
    return {one["id"] for one in resources}


OF_ANN = {f"o{at}" for at in range(0, 24, 2)}
SEARCHES = (
    "Observation?_count=3",
    "Observation?_count=3&_sort=date",
    "Observation?_count=3&_sort=-_id",
    "Observation?_count=3&_sort=_lastUpdated",
    "Observation?_count=3&_sort=status,-date",
    "Observation?_count=3&status=final&date=ge2020",
    "Observation?_count=3&_text=words",
    "Observation?_count=3&_filter=status eq final or status eq amended",
    "Observation?_count=3&subject:Patient._id=ann,ben",
    "Patient/ann/Observation?_count=3",
    "?_type=Observation&_count=3",
)


@pytest.mark.parametrize("address", SEARCHES)
def test_pages_show_all_that_stays_once_while_others_come_and_go(records: Client, address: str) -> None:
    own = Client(records.partition, ANN)
    seen: list[Json] = []
    for number, page in enumerate(pages(own, address)):
        seen += page
        records.put(f"Observation/o{30 + number}", observation(f"o{30 - number}") | {"id": f"o{30 + number}"})
        records.delete(f"Observation/o{2 * number + 1}")
        if number == 1:
            # Not yet shown or already shown, it is no longer hers.
            records.put("Observation/o12", observation("o12", "ben"))
        if number > 20:
            pytest.fail("the pages do not end")
    shown = [one["id"] for one in seen]
    assert len(shown) == len(set(shown))
    assert set(shown) >= OF_ANN - {"o12"}
    assert all(one["subject"]["reference"] == "Patient/ann" for one in seen)


@pytest.mark.parametrize("address", [one for one in SEARCHES if not one.startswith("Patient/")])
def test_a_link_of_wider_access_shows_no_more_than_ones_own(records: Client, address: str) -> None:
    page = records.get(address).json()
    following = next(link["url"] for link in page["link"] if link["relation"] == "next")
    for grant in (ANN, FINAL):
        for shown in pages(Client(records.partition, grant), following):
            assert ids(shown) <= OF_ANN
    assert Client(records.partition, AccessGrant(())).get(following).status == 403


@pytest.mark.parametrize("address", ["Observation/_history?_count=3", "_history?_count=3"])
def test_a_history_in_pages_stays_inside_of_the_grant(records: Client, address: str) -> None:
    own = Client(records.partition, ANN)
    seen = set()
    for number, shown in enumerate(pages(own, address)):
        seen |= ids(shown)
        records.put(f"Observation/o{40 + number}", observation("o1", "ben") | {"id": f"o{40 + number}"})
        assert number < 20
    assert seen - {"ann"} == OF_ANN
    following = next(
        link["url"] for link in records.get(address).json()["link"] if link["relation"] == "next"
    )
    for shown in pages(own, following):
        assert ids(shown) <= OF_ANN | {"ann"}


def test_everything_in_pages_stays_inside_of_the_grant(records: Client) -> None:
    own = Client(records.partition, ANN)
    seen = [one["id"] for shown in pages(own, "Patient/ann/$everything?_count=5") for one in shown]
    assert sorted(seen) == sorted(OF_ANN | {"ann"})
    assert own.get("Patient/ben/$everything?_count=5").status in (403, 404)


def test_a_restriction_holds_on_every_page(records: Client) -> None:
    for at in range(0, 24, 4):
        records.put(f"Observation/o{at}", observation(f"o{at}", status="amended"))
    restricted = Client(records.partition, FINAL)
    for address in SEARCHES:
        for shown in pages(restricted, address):
            assert all(one["status"] == "final" and one["id"] in OF_ANN for one in shown), address
