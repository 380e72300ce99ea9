"""`_text` and `_content`: what was written before a search is found by it, and only what its caller may see."""

from typing import Any
from urllib.parse import quote

import pytest

from fhirserver.access import AccessGrant, Permission
from fhirserver.clearing import clear
from fhirserver.connection import fetch
from fhirserver.search import fulltext, planning
from tests.fhirserver.client import Client


def patient(logical_id: str, narrative: str, **more: Any) -> dict[str, Any]:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{narrative}</div>'
    text = {"status": "generated", "div": div}
    return {"resourceType": "Patient", "id": logical_id, "text": text, **more}


PATIENTS = [
    patient("ann", "<p>Severe <b>penicillin</b> allergy; liver &amp; bone metastases</p>", gender="female"),
    patient("ben", "Asthma since 1990. No known allergy.", gender="male"),
    patient("cem", "Lives in Łódź, café owner. Bone fracture", name=[{"family": "Öztürk"}]),
    {"resourceType": "Patient", "id": "dee", "name": [{"text": "Dee Penicillin"}], "gender": "female"},
]


@pytest.fixture
def loaded(client: Client) -> Client:
    for one in PATIENTS:
        client.put(f"Patient/{one['id']}", one)
    return client


def found(client: Client, query: str) -> set[str]:
    answered = client.get(query)
    assert answered.status == 200, answered.body
    return {entry["resource"]["id"] for entry in answered.json().get("entry", [])}


def asked(client: Client, text: str, name: str = "_text") -> str:
    return " ".join(sorted(found(client, f"Patient?{name}={quote(text)}")))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("penicillin", "ann"),
        ("PENICILLIN", "ann"),
        ("allergy", "ann ben"),
        ("severe allergy", "ann"),
        ("allergy AND asthma", "ben"),
        ("penicillin OR asthma", "ann ben"),
        ("penicillin,asthma", "ann ben"),
        ("(bone or liver) and metastases", "ann"),
        ("bone or liver and metastases", "ann cem"),
        ('"bone metastases"', "ann"),
        ('"metastases bone"', ""),
        ("allergy -asthma", "ann"),
        ("allergy NOT asthma", "ann"),
        ("-allergy", "cem dee"),
        ("NOT (penicillin OR asthma)", "cem dee"),
        ("bone OR -allergy", "ann cem dee"),
        ("allergy -(asthma -since)", "ann ben"),
        ("lodz cafe", "cem"),
        ("Łódź CAFÉ", "cem"),
        ("penicil*", "ann"),
        ("penicil", ""),
        ('"bone metas"*', "ann"),
        ("xhtml", ""),
        ("div", ""),
        ("scope", ""),
        ("narrative:asthma", ""),
    ],
)
def test_the_narrative_is_searched_by_words(loaded: Client, text: str, ids: str) -> None:
    assert asked(loaded, text) == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("penicillin", "ann dee"),
        ("ozturk", "cem"),
        ("female", "ann dee"),
        ("female -penicillin", ""),
        ("asthma", "ben"),
        ("patient", ""),
    ],
)
def test_the_content_holds_every_value_and_the_narrative(loaded: Client, text: str, ids: str) -> None:
    assert asked(loaded, text, "_content") == ids


def test_common_words_find_the_same_in_another_way(loaded: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "COMMON", 0)

    assert asked(loaded, "allergy") == "ann ben"
    assert asked(loaded, "allergy -asthma OR fracture") == "ann cem"
    assert asked(loaded, "-allergy") == "cem dee"
    assert loaded.get("Patient?_text=allergy&_count=0").json()["total"] == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('"bone', "a quotation mark has no partner, at character 1"),
        ('bone "metas', "character 6"),
        ("(bone", "( is not closed, at character 1"),
        ("bone)", "character 5"),
        ("bone AND", "character 9"),
        ("OR bone", "character 1"),
        ("bone OR OR liver", "character 9"),
        ("!!!", "!!! holds no word"),
        ("()", "character 2"),
        ("NOT", "character 4"),
        (" ".join(["a"] * 51), "MAX_TEXT_TERMS"),
        ("(" * 30 + "a" + ")" * 30, "MAX_TEXT_DEPTH"),
    ],
)
def test_a_malformed_text_names_the_place_of_its_fault(client: Client, text: str, fault: str) -> None:
    answered = client.get(f"Patient?_text={quote(text)}")

    assert answered.status == 400
    assert fault in answered.json()["issue"][0]["diagnostics"]


def test_a_search_sees_what_was_written_just_before(client: Client) -> None:
    client.put("Patient/a", patient("a", "first"))
    assert asked(client, "first") == "a"

    client.put("Patient/a", patient("a", "second"))
    assert asked(client, "first") == ""
    assert asked(client, "second") == "a"

    client.delete("Patient/a")
    assert asked(client, "second") == ""
    assert asked(client, "-nothing") == ""


def waiting(client: Client) -> list[str]:
    statement = "SELECT DISTINCT type FROM fhir_text_pending WHERE partition = %s ORDER BY type"
    return [row[0] for row in fetch(client.partition.region, statement, [client.partition.number])]


def test_a_search_reads_only_the_types_that_it_asks(loaded: Client) -> None:
    loaded.create({"resourceType": "Organization", "name": "Clinic"})
    asked(loaded, "allergy")

    assert waiting(loaded) == ["Organization"]


def test_a_worker_reads_what_waits(loaded: Client) -> None:
    fulltext.read_waiting(loaded.partition.region, 1_000)

    assert waiting(loaded) == []
    assert asked(loaded, "asthma") == "ben"


def test_a_cleared_partition_keeps_no_words(loaded: Client) -> None:
    asked(loaded, "allergy")
    clear(loaded.partition)

    assert asked(loaded, "allergy") == ""
    for table in ("fhir_text", "fhir_text_pending"):
        statement = f"SELECT count(*) FROM {table} WHERE partition = %s"
        assert fetch(loaded.partition.region, statement, [loaded.partition.number]) == [(0,)]


def test_text_combines_with_other_criteria_sorting_and_totals(loaded: Client) -> None:
    assert found(loaded, "Patient?_text=allergy&gender=male") == {"ben"}
    assert found(loaded, "Patient?_id=ann,ben,dee&_content=penicillin") == {"ann", "dee"}
    assert found(loaded, "Patient?_text=allergy&_content=asthma") == {"ben"}
    assert loaded.get("Patient?_text=allergy&_count=0").json()["total"] == 2
    assert loaded.get("Patient?_text=allergy&_total=accurate&_count=1").json()["total"] == 2
    entries = loaded.get("Patient?_text=allergy&_sort=-_id").json()["entry"]
    assert [entry["resource"]["id"] for entry in entries] == ["ben", "ann"]


def test_pages_of_a_text_search_hold_each_match_once(client: Client) -> None:
    for number in range(7):
        client.put(f"Patient/p{number}", patient(f"p{number}", "common words"))
    address, seen = "Patient?_text=common&_count=3", []
    while address:
        bundle = client.get(address).json()
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        address = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")

    assert sorted(seen) == [f"p{number}" for number in range(7)]


def test_text_is_asked_of_several_types_and_through_references(loaded: Client) -> None:
    observation = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "Peak flow"},
                   "subject": {"reference": "Patient/ben"}}  # fmt: skip
    loaded.put("Observation/o", observation)

    assert found(loaded, "Observation?subject:Patient._text=asthma") == {"o"}
    assert found(loaded, "Observation?subject:Patient._text=penicillin") == set()
    assert found(loaded, "Patient?_has:Observation:subject:_content=peak") == {"ben"}
    assert found(loaded, "?_content=peak OR asthma&_type=Patient,Observation") == {"ben", "o"}


def test_a_grant_holds_for_text_as_for_any_search(loaded: Client) -> None:
    confined = Client(
        loaded.partition,
        AccessGrant((Permission("Patient", frozenset("rs"), compartment=("Patient", "ben")),)),
    )

    assert asked(confined, "allergy") == "ben"
    assert confined.get("Patient?_content=penicillin&_count=0").json()["total"] == 0


def test_a_permission_may_be_restricted_by_text(loaded: Client) -> None:
    restricted = Client(
        loaded.partition, AccessGrant((Permission("Patient", frozenset("rs"), restriction="_text=asthma"),))
    )

    assert found(restricted, "Patient") == {"ben"}
    assert restricted.get("Patient/ann").status in (403, 404)


def test_a_condition_of_a_write_may_ask_for_text(loaded: Client) -> None:
    again = loaded.post("Patient", patient("x", "again"), if_none_exist="_text=asthma")

    assert again.status == 200
    assert again.json()["id"] == "ben"


def test_attachments_and_the_servers_own_meta_are_no_content(client: Client) -> None:
    client.put(
        "Patient/a",
        {"resourceType": "Patient", "id": "a", "photo": [{"data": "c2VjcmV0", "title": "Portrait"}],
         "meta": {"tag": [{"code": "tagged"}]}},
    )  # fmt: skip

    assert asked(client, "portrait", "_content") == "a"
    assert asked(client, "c2VjcmV0 OR tagged", "_content") == ""


def test_a_very_long_narrative_is_stored_and_found_by_its_first_words(client: Client) -> None:
    words = " ".join(f"word{number}" + "ö" * 90 for number in range(5_000))
    client.put("Patient/a", patient("a", f"beginning {words}"))

    assert asked(client, "beginning") == "a"


def test_a_backlog_is_read_in_part_and_said_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fulltext, "BATCH", 2)
    for number in range(5):
        client.put(f"Patient/p{number}", patient(f"p{number}", "common"))

    with pytest.raises(fulltext.StoreUnavailable, match="MAX_TEXT_BACKLOG") as refused:
        fulltext.bring_up_to_date(client.partition, "Patient", limit=4)

    assert refused.value.headers["Retry-After"] == "1"
    fulltext.bring_up_to_date(client.partition, "Patient", limit=4)
    assert len(found(client, "Patient?_text=common")) == 5


def test_words_may_be_asked_for_within_a_filter(client: Client) -> None:
    for name, words in (("a", "penicillin allergy"), ("b", "asthma"), ("c", "nothing")):
        client.put(f"Patient/{name}", patient(name, words))

    assert found(client, 'Patient?_filter=_text co "penicillin"') == {"a"}
    assert found(client, 'Patient?_filter=_text co "allergy AND penicillin" or _content co asthma') == {
        "a",
        "b",
    }
    assert found(client, "Patient?_filter=not (_text co asthma)") == {"a", "c"}
