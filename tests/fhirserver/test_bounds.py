"""Every limit of the engine: what goes beyond it is refused, with an error that names it. The table names them all."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from fhirserver import bulk, connection, limits
from fhirserver.connection import atomic, fetch, is_postgresql
from fhirserver.interactions import history
from fhirserver.operations import meta
from fhirserver.search import include, parse, service
from fhirserver.search import limits as search_limits
from tests.fhirserver.client import Answered, Client

Json = dict[str, Any]
Ask = Callable[[Client], Answered]


def get(address: str, **headers: str) -> Ask:
    return lambda client: client.get(address, **headers)


def form(query: str) -> Ask:
    return lambda client: client.post(
        "Patient/_search", query.encode(), content_type="application/x-www-form-urlencoded"
    )


def condition(query: str, place: str) -> Ask:
    """A transaction with an entry whose condition this is."""
    asked = {"method": "POST", "url": "Patient", "ifNoneExist": query}
    if place == "url":
        asked = {"method": "PUT", "url": f"Patient?{query}"}
    entry = {"resource": {"resourceType": "Patient"}, "request": asked}
    return lambda client: client.post("", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})


def bundle_of(number: int) -> Json:
    entry = {"request": {"method": "GET", "url": "Patient/1"}}
    return {"resourceType": "Bundle", "type": "batch", "entry": [entry] * number}


def _many_codes(client: Client) -> Answered:
    codes = [{"code": f"c{number}"} for number in range(search_limits.MAX_CODES + 1)]
    include = [{"system": "http://codes.example", "concept": codes}]
    value_set = {"resourceType": "ValueSet", "id": "v", "url": "http://sets.example/v", "status": "active", "compose": {"include": include}}  # fmt: skip
    assert client.put("ValueSet/v", value_set).status == 201
    return client.get("Condition?code:in=http://sets.example/v")


def _chained_organizations(client: Client) -> Answered:
    """Each is part of the next: one round of an include finds one of them."""
    number = search_limits.MAX_INCLUDE_ROUNDS + 2
    parts: list[Json] = [
        {"resourceType": "Organization", "id": f"o{at}", "name": "x", "partOf": {"reference": f"Organization/o{at + 1}"}}
        for at in range(number)
    ]  # fmt: skip
    bulk.load(client.partition, [*parts, {"resourceType": "Organization", "id": f"o{number}", "name": "x"}])
    return client.get("Organization?_id=o0&_include:iterate=Organization:partof")


def _long_patch(client: Client) -> Answered:
    known = client.create({"resourceType": "Patient"})
    operations = b"[" + b"{}," * limits.MAX_ELEMENTS + b"{}]"
    return client.request(
        "PATCH", f"Patient/{known['id']}", operations, content_type="application/json-patch+json"
    )


KINDS = [
    "Patient",
    "Practitioner",
    "Organization",
    "RelatedPerson",
    "Person",
    "Device",
    "Group",
    "Location",
    "Encounter",
    "Account",
    "Slot",
    "Task",
    "List",
    "Flag",
    "Goal",
    "Media",
    "Basic",
]
NESTED, OPEN = search_limits.MAX_TEXT_DEPTH + 1, search_limits.MAX_FILTER_DEPTH + 1
LINK = "link." * (search_limits.MAX_CHAIN + 1)
HAS = "_has:Patient:link:" * (search_limits.MAX_CHAIN + 1)
CASES: dict[str, tuple[int, Ask]] = {
    "MAX_BODY_BYTES": (413, lambda client: client.post("Patient", b" " * (limits.MAX_BODY_BYTES + 1))),
    "MAX_ELEMENTS": (413, lambda client: client.post("Patient", b"[" + b"1," * limits.MAX_ELEMENTS + b"1]")),
    "MAX_ELEMENTS, in a patch": (413, _long_patch),
    "MAX_ELEMENTS, in XML": (
        413,
        lambda client: client.post(
            "Patient", b"<a>" + b"<b/>" * limits.MAX_ELEMENTS + b"</a>", content_type="application/fhir+xml"
        ),
    ),
    "MAX_BUNDLE_ENTRIES": (400, lambda client: client.post("", bundle_of(limits.MAX_BUNDLE_ENTRIES + 1))),
    "MAX_CONDITIONAL_DELETES": (
        400,
        lambda client: client.delete(f"Patient?gender=male&_count={limits.MAX_CONDITIONAL_DELETES + 1}"),
    ),
    "MAX_VALUES": (400, get(f"Patient?gender={','.join(['male'] * (search_limits.MAX_VALUES + 1))}")),
    "MAX_CHAIN": (400, get(f"Patient?{LINK}gender=male")),
    "MAX_CHAIN of _has": (400, get(f"Patient?{HAS}gender=male")),
    "MAX_CHAIN of _filter": (400, get(f"Patient?_filter={LINK}gender eq male")),
    "MAX_CHAIN_BRANCHES": (400, get("Provenance?target.subject.subject.subject._id=1")),
    "MAX_SORT": (400, get(f"Patient?_sort={','.join(['name'] * (search_limits.MAX_SORT + 1))}")),
    "MAX_CODES": (400, _many_codes),
    "MAX_FILTER_DEPTH": (400, get(f"Patient?_filter={'(' * OPEN}gender eq male{')' * OPEN}")),
    "MAX_FILTER_TERMS": (400, get(f"Patient?_filter={' or '.join(['gender eq male'] * (search_limits.MAX_FILTER_TERMS + 1))}")),
    "MAX_TEXT_TERMS": (400, get(f"Patient?_text={' '.join(['word'] * (search_limits.MAX_TEXT_TERMS + 1))}")),
    "MAX_TEXT_DEPTH": (400, get(f"Patient?_text={'(' * NESTED}word{')' * NESTED}")),
    "MAX_INCLUDES": (
        400,
        get("Patient?" + "&".join(f"_include:iterate=Patient:{code}:{kind}" for code in ("link", "organization", "general-practitioner") for kind in KINDS)),
    ),
    "MAX_CRITERIA": (400, get("Patient?" + "&".join(f"name=a{at}" for at in range(search_limits.MAX_CRITERIA + 1)))),
    "MAX_TERMS": (400, get("Patient?" + "&".join([f"name={','.join(['a'] * 400)}"] * 3))),
    "MAX_TERMS, in chains": (400, get(f"Patient?link.link.name={','.join(['a'] * 400)}")),
    "MAX_TERMS, in a filter": (400, get(f"Patient?_filter={' or '.join(['name eq a'] * 90)}&" + "&".join([f"name={','.join(['a'] * 350)}"] * 2))),
    "MAX_PARAMETERS": (400, form("&".join(["name=x"] * (search_limits.MAX_PARAMETERS + 1)))),
    "MAX_PARAMETERS, in an entry": (
        400,
        condition("&".join(["name=x"] * (search_limits.MAX_PARAMETERS + 1)), "url"),
    ),
    "MAX_PARAMETERS, in If-None-Exist": (
        400,
        condition("&".join(["name=x"] * (search_limits.MAX_PARAMETERS + 1)), "ifNoneExist"),
    ),
    "MAX_QUERY_CHARACTERS": (400, form("name=" + "x" * search_limits.MAX_QUERY_CHARACTERS)),
    "MAX_INCLUDE_ROUNDS": (400, _chained_organizations),
}  # fmt: skip
# Too large to be reached in a test: each is lowered where it is used.
LOWERED: dict[str, tuple[ModuleType, str, Ask]] = {
    "MAX_INCLUDED": (include, "MAX_INCLUDED", get("Patient?_id=1&_revinclude=Observation:patient")),
    "MAX_INCLUDED, found twice each": (include, "_MAX_PAIRS", get("Patient?_id=1&_revinclude=Observation:patient")),
    "MAX_LABELLED": (meta, "MAX_LABELLED", get("Observation/$meta")),
}  # fmt: skip
# Of words that wait to be read there is a test in `search/test_full_text.py`.
TESTED_ELSEWHERE = {"MAX_TEXT_BACKLOG"}
# What a page may hold is a promise, not a fault: a server may always answer with less (https://hl7.org/fhir/R4/search.html#count).
ANSWERED_WITH_LESS = {"MAX_COUNT", "MAX_HISTORY_COUNT"}


def _tells(answered: Answered, status: int, name: str) -> bool:
    told = answered.json()["issue"][0]["diagnostics"] if answered.status >= 400 else ""
    return answered.status == status and name in told


def test_the_tables_name_every_limit() -> None:
    listed = {name for module in (limits, search_limits) for name in vars(module) if name.startswith("MAX_")}
    assert listed - {name.split()[0].rstrip(",") for name in (*CASES, *LOWERED)} == (
        ANSWERED_WITH_LESS | TESTED_ELSEWHERE
    )


@pytest.mark.parametrize("name", CASES)
def test_what_is_too_large_is_refused_by_the_name_of_the_limit(client: Client, name: str) -> None:
    status, ask = CASES[name]
    answered = ask(client)
    assert _tells(answered, status, name.split()[0].rstrip(",")), (answered.status, answered.body[:300])


@pytest.fixture
def observed(client: Client) -> Client:
    subject = {
        "subject": {"reference": "Patient/1"},
        "status": "final",
        "code": {"text": "x"},
        "meta": {"tag": [{"code": "t"}]},
    }
    several: list[Json] = [{"resourceType": "Observation", "id": str(at), **subject} for at in range(5)]
    bulk.load(client.partition, [{"resourceType": "Patient", "id": "1"}, *several])
    return client


@pytest.mark.parametrize("name", LOWERED)
def test_what_would_grow_too_large_is_refused_too(
    observed: Client, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, constant, ask = LOWERED[name]
    monkeypatch.setattr(module, constant, 3)
    answered = ask(observed)
    assert _tells(answered, 400, name.partition(",")[0]), (answered.status, answered.body[:300])


def test_a_page_holds_no_more_than_its_limit(observed: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "MAX_COUNT", 2)
    monkeypatch.setattr(history, "MAX_HISTORY_COUNT", 2)
    for address in ("Observation?_count=1000000", "Observation/_history?_count=1000000"):
        bundle = observed.get(address).json()
        assert len(bundle["entry"]) == 2
        assert any(link["relation"] == "next" for link in bundle["link"])


def test_a_statement_that_takes_too_long_is_ended_and_told(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    region = client.partition.region
    assert client.get("Patient").status == 200
    monkeypatch.setattr(connection, "STATEMENT_TIMEOUT_MS", 1)
    monkeypatch.setattr(service, "page_at", lambda *_: _count_for_long(region))
    answered = client.get("Patient?name=x")
    assert _tells(answered, 503, "statement_timeout")
    assert fetch(region, "SELECT 1") == [(1,)]


def _count_for_long(region: str) -> None:
    with atomic(region):
        if is_postgresql(region):
            fetch(region, "SET LOCAL statement_timeout = 1")
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000)"
        fetch(region, f"{numbers} SELECT count(*) FROM n")
