"""How large a search may be: each error names the limit that it met, in either database."""

import pytest

from fhirserver import connection
from fhirserver.connection import atomic, fetch, is_postgresql
from fhirserver.outcomes import StoreUnavailable
from fhirserver.search.limits import MAX_CHAIN, MAX_SORT, MAX_VALUES
from tests.fhirserver.client import Client

TOO_LARGE = {
    f"Patient?{'link.' * (MAX_CHAIN + 1)}gender=male": "MAX_CHAIN",
    f"Patient?{'_has:Patient:link:' * (MAX_CHAIN + 1)}gender=male": "MAX_CHAIN",
    "Provenance?target.subject.subject.subject._id=1": "MAX_CHAIN_BRANCHES",
    f"Patient?gender={','.join(['male'] * (MAX_VALUES + 1))}": "MAX_VALUES",
    f"Patient?_sort={','.join(['name'] * (MAX_SORT + 1))}": "MAX_SORT",
}
REFUSED = {
    "Patient?_count=-1": "_count=-1",
    "Patient?_query=mine": None,
}


@pytest.mark.parametrize("query", TOO_LARGE, ids=range(len(TOO_LARGE)))
def test_what_is_too_large_names_the_limit(client: Client, query: str) -> None:
    told = client.get(query)
    assert told.status == 400
    assert told.json()["issue"][0]["code"] == "too-costly"
    assert f"({TOO_LARGE[query]})" in told.json()["issue"][0]["diagnostics"]


def test_what_is_just_not_too_large_is_answered(client: Client) -> None:
    for query in (
        f"Patient?{'link:Patient.' * MAX_CHAIN}gender=male",
        f"Patient?{'_has:Patient:link:' * MAX_CHAIN}gender=male",
        "Provenance?target.subject:Patient.name=anna",
        f"Patient?gender={','.join(f'g{number}' for number in range(MAX_VALUES))}",
        f"Patient?name={','.join(f'n{number}' for number in range(MAX_VALUES))}",
    ):
        assert client.get(query).status == 200, query


@pytest.mark.parametrize("query", REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_searched_is_refused_by_its_name(client: Client, query: str) -> None:
    told = client.get(query, prefer="handling=strict")
    assert told.status == 400
    assert (REFUSED[query] or "_query") in told.json()["issue"][0]["diagnostics"]


def test_a_statement_that_takes_too_long_is_ended(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "STATEMENT_TIMEOUT_MS", 1)
    with pytest.raises(StoreUnavailable, match="statement_timeout"):
        _count_for_long(region)
    assert fetch(region, "SELECT 1") == [(1,)]


def _count_for_long(region: str) -> None:
    with atomic(region):
        if is_postgresql(region):
            fetch(region, "SET LOCAL statement_timeout = 1")
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000000)"
        fetch(region, f"{numbers} SELECT count(*) FROM n")
