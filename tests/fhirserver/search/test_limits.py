"""How large a search may just be, and what is not searched at all. What is too large is in `tests/fhirserver/test_bounds.py`."""

import pytest

from fhirserver.search.limits import MAX_CHAIN, MAX_VALUES
from tests.fhirserver.client import Client

REFUSED = {
    "Patient?_count=-1": "_count=-1",
    "Patient?_query=mine": None,
}


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
