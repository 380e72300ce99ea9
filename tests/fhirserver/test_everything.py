"""$everything: what lies in the time that is asked for, and everything of all patients."""

from itertools import pairwise
from typing import Any

import pytest

from fhirserver import bulk
from fhirserver.access import FULL, AccessGrant, Permission
from fhirserver.operations import everything
from fhirserver.statement_time import spent
from tests.fhirserver.client import BASE, Client

ADA = {"reference": "Patient/ada"}
KLASS = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}


def stay(logical_id: str, **period: str) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": logical_id,
        "status": "finished",
        "class": KLASS,
        "subject": ADA,
        **({"period": period} if period else {}),
    }


def condition(logical_id: str, **dates: str) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": logical_id, "subject": ADA, **dates}


@pytest.fixture
def long_stays(client: Client) -> Client:
    bulk.load(
        client.partition,
        [
            {"resourceType": "Patient", "id": "ada", "birthDate": "1950-01-01"},
            stay("before", start="2010-01-01", end="2011-12-31"),
            stay("into", start="2011-06-01", end="2012-02-01"),
            stay("around", start="2009-01-01", end="2020-01-01"),
            stay("going-on", start="2011-01-01"),
            stay("until", end="2012-03-01"),
            stay("within", start="2012-03-01", end="2012-04-01"),
            stay("out-of", start="2012-12-01", end="2013-02-01"),
            stay("after", start="2013-01-01", end="2013-02-01"),
            stay("undated"),
            condition("began", onsetDateTime="2012", recordedDate="2015-01-01"),
            condition("recorded", recordedDate="2012-05-05"),
            condition("recorded-later", recordedDate="2015-05-05"),
        ],
    )
    return client


def ids(answered: Any) -> set[str]:
    return {entry["resource"]["id"] for entry in answered.json().get("entry", ())}


@pytest.mark.parametrize(
    ("query", "left_out"),
    [
        ("start=2012&end=2012", {"before", "after", "recorded-later"}),
        ("start=2012-02-02&end=2012-02-28", {"before", "into", "within", "out-of", "after", "recorded", "recorded-later"}),
        ("start=2014", {"before", "into", "until", "within", "out-of", "after", "began", "recorded"}),
        (
            "end=2010-12-31",
            {"into", "going-on", "within", "out-of", "after", "began", "recorded", "recorded-later"},
        ),
        ("start=2012-03-01T12:00:00Z&end=2012-03-01T13:00:00Z", {"before", "into", "out-of", "after", "recorded", "recorded-later"}),
    ],
)  # fmt: skip
def test_care_that_overlaps_the_time_asked_for_belongs_to_it(
    long_stays: Client, query: str, left_out: set[str]
) -> None:
    everyone = ids(long_stays.get("Patient/ada/$everything"))
    assert len(everyone) == 13
    assert everyone - ids(long_stays.get(f"Patient/ada/$everything?{query}")) == left_out


@pytest.fixture
def several(client: Client) -> Client:
    patients = [{"resourceType": "Patient", "id": name} for name in ("ada", "bea", "cy")]
    shared = {
        "resourceType": "Appointment",
        "id": "shared",
        "status": "booked",
        "participant": [
            {"actor": {"reference": f"Patient/{name}"}, "status": "accepted"} for name in ("ada", "bea")
        ],
    }
    around = [
        {"resourceType": "Practitioner", "id": "doctor"},
        {"resourceType": "Organization", "id": "nobodys", "name": "Nobody's"},
    ]
    seen = {
        **condition("cough"),
        "subject": {"reference": "Patient/cy"},
        "asserter": {"reference": "Practitioner/doctor"},
    }
    bulk.load(client.partition, [*patients, shared, *around, seen])
    return client


def test_everything_of_all_patients_has_each_resource_once(several: Client) -> None:
    bundle = several.get("Patient/$everything").json()
    found = [entry["resource"]["id"] for entry in bundle["entry"]]
    assert sorted(found) == ["ada", "bea", "cough", "cy", "doctor", "shared"]
    assert bundle["total"] == len(found)
    assert ids(several.get("Patient/$everything?_type=Patient,Condition")) == {"ada", "bea", "cy", "cough"}
    assert several.post("Patient/$everything", {"resourceType": "Parameters"}).json()["total"] == 6


def test_everything_of_all_patients_in_pages(several: Client) -> None:
    seen, address = [], "Patient/$everything?_count=4"
    while address:
        bundle = several.get(address).json()
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        address = next((one["url"] for one in bundle["link"] if one["relation"] == "next"), "")
    assert sorted(seen) == ["ada", "bea", "cough", "cy", "doctor", "shared"]


def relations(bundle: dict[str, Any]) -> dict[str, str]:
    return {one["relation"]: one["url"] for one in bundle["link"]}


def walked(client: Client, address: str) -> list[dict[str, Any]]:
    """The bundles of all pages."""
    bundles = [client.get(address).json()]
    while following := relations(bundles[-1]).get("next"):
        bundles.append(client.get(following).json())
    return bundles


@pytest.fixture
def crowded(several: Client) -> Client:
    """Thirty more patients: each with two conditions, one of a doctor, and each in an appointment with the next."""
    patients = [{"resourceType": "Patient", "id": f"p{number}"} for number in range(30)]
    conditions = [
        {
            **condition(f"c{number}"),
            "subject": {"reference": f"Patient/p{number // 2}"},
            **({"asserter": {"reference": f"Practitioner/d{number % 3}"}} if number % 2 else {}),
        }
        for number in range(60)
    ]
    together = [
        {
            "resourceType": "Appointment",
            "id": f"a{number}",
            "status": "booked",
            "participant": [
                {"actor": {"reference": f"Patient/p{each % 30}"}, "status": "accepted"}
                for each in (number, number + 1)
            ],
        }
        for number in range(30)
    ]
    doctors = [{"resourceType": "Practitioner", "id": f"d{number}"} for number in range(3)]
    linked = {
        "resourceType": "Patient",
        "id": "again",
        "link": [{"other": {"reference": "Patient/p7"}, "type": "seealso"}],
    }
    bulk.load(several.partition, [*patients, *doctors, *conditions, *together, linked])
    return several


@pytest.mark.parametrize(
    "grant",
    [
        FULL,
        AccessGrant((Permission("*", frozenset("rs"), ("Patient", "p7")),)),
        AccessGrant((Permission("Patient", frozenset("rs"), ("Patient", "p8")), Permission("Appointment", frozenset("rs")))),
    ],
    ids=["all", "one patient's", "one patient and every appointment"],
)  # fmt: skip
@pytest.mark.parametrize(
    "query", ["_count=1", "_count=7", "_count=7&_type=Appointment,Patient", "_count=500"]
)
def test_pages_of_all_patients_show_what_is_streamed_in_its_order(
    crowded: Client, grant: AccessGrant, query: str
) -> None:
    client = Client(crowded.partition, grant)
    whole = client.get(f"Patient/$everything?{query.partition('&')[2]}").json()
    pages = walked(client, f"Patient/$everything?{query}")
    shown = [entry["fullUrl"] for page in pages for entry in page["entry"]]
    assert shown == [entry["fullUrl"] for entry in whole["entry"]]
    assert {page["total"] for page in pages} == {len(shown)}
    for before, page in pairwise(pages):
        back = client.get(relations(page)["previous"]).json()
        assert back["entry"] == before["entry"]
        assert client.get(relations(page)["last"]).json()["entry"] == pages[-1]["entry"]


def test_a_page_of_all_patients_begins_where_the_one_before_ended(crowded: Client) -> None:
    cost = []
    address = "Patient/$everything?_count=10"
    for _ in range(10):
        began = spent.count
        page = crowded.get(address).json()
        cost.append(spent.count - began)
        address = relations(page)["next"]
    assert cost[0] > 30
    assert max(cost[1:]) < 20


def test_a_place_is_good_for_its_own_question_only(crowded: Client) -> None:
    following = relations(crowded.get("Patient/$everything?_count=10").json())["next"]
    assert crowded.get(following).status == 200
    assert crowded.get(f"{following}&_type=Patient").status == 400
    assert crowded.get("Patient/$everything?_count=10&_cursor=x").status == 400
    crowded.delete("Patient/p29")
    after = crowded.get(following)
    assert (after.status, len(after.json()["entry"])) == (200, 10)


def test_a_page_is_never_longer_than_one_of_a_search(
    several: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everything, "MAX_COUNT", 4)
    for many in ("100000", "9" * 5000):
        bundle = several.get(f"Patient/$everything?_count={many}").json()
        assert (len(bundle["entry"]), bundle["total"]) == (4, 6)
        after = next(one["url"] for one in bundle["link"] if one["relation"] == "next")
        assert len(several.get(after).json()["entry"]) == 2


def test_everything_of_all_patients_is_of_those_that_the_caller_may_read(several: Client) -> None:
    confined = Client(several.partition, AccessGrant((Permission("*", frozenset("rs"), ("Patient", "cy")),)))
    assert ids(confined.get("Patient/$everything")) == {"cy", "cough", "doctor"}
    blind = Client(several.partition, AccessGrant((Permission("Condition", frozenset("rs")),)))
    assert blind.get("Patient/$everything").status == 403


def test_everything_of_too_many_is_refused_by_the_name_of_the_limit(
    several: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(everything, "MAX_OF_ALL_PATIENTS", 6)
    refused = several.get("Patient/$everything")
    assert refused.status == 400
    assert "MAX_OF_ALL_PATIENTS" in refused.json()["issue"][0]["diagnostics"]
    assert refused.json()["issue"][0]["code"] == "too-costly"
    assert several.get("Patient/cy/$everything").status == 200


def test_a_page_beyond_the_end_leads_back_to_the_last_and_no_entries_are_a_number(several: Client) -> None:
    beyond = several.get("Patient/cy/$everything?_count=2&_offset=90").json()
    links = {one["relation"]: one["url"].rpartition("?")[2] for one in beyond["link"]}
    assert (beyond["total"], "entry" in beyond, "next" in links) == (3, False, False)
    assert links["previous"] == links["last"] == "_count=2&_offset=2"
    assert several.get("Patient/cy/$everything?_count=0").json() == {
        **several.get("Patient/cy/$everything?_summary=count").json(),
        "link": [{"relation": "self", "url": f"{BASE}/Patient/cy/$everything?_count=0"}],
    }
