"""Contained resources are met by nobody who may not meet what holds them."""

import pytest

from fhirserver.access import ALL_INTERACTIONS, AccessGrant, Permission
from tests.fhirserver.client import Client
from tests.fhirserver.search.holders import ONE, found, loaded_holders, observation, patient


@pytest.fixture
def loaded(client: Client) -> Client:
    return loaded_holders(client)


def granted(client: Client, *permissions: Permission) -> Client:
    return Client(client.partition, AccessGrant(permissions))


def test_a_match_within_a_resource_is_granted_as_that_resource(loaded: Client) -> None:
    loaded.put("Patient/ben", patient("ben", "Ben"))
    loaded.put(
        "Observation/bens",
        observation("bens", patient("q", "Adams"), subject="Patient/ben", focus=[{"reference": "#q"}]),
    )
    every = "Patient?_contained=true&name=adams"
    assert sorted(found(loaded, every)) == ["Observation/bens", ONE]
    cases: list[tuple[tuple[Permission, ...], list[str]]] = [
        ((Permission("*", ALL_INTERACTIONS),), ["Observation/bens", ONE]),
        ((Permission("Patient", ALL_INTERACTIONS),), []),
        ((Permission("Patient", ALL_INTERACTIONS), Permission("Observation", ALL_INTERACTIONS)), ["Observation/bens", ONE]),
        ((Permission("*", ALL_INTERACTIONS, ("Patient", "ann")),), [ONE]),
        ((Permission("*", ALL_INTERACTIONS, ("Patient", "ben")),), ["Observation/bens"]),
        ((Permission("*", ALL_INTERACTIONS, ("Patient", "carl")),), []),
        ((Permission("Patient", ALL_INTERACTIONS), Permission("Observation", ALL_INTERACTIONS, None, "date=2021")), [ONE]),
        ((Permission("Patient", ALL_INTERACTIONS), Permission("Observation", ALL_INTERACTIONS, ("Patient", "ben"), "date=2021")), []),
        ((Permission("Patient", ALL_INTERACTIONS), Permission("Observation", ALL_INTERACTIONS, ("Patient", "ben"), "status=final")), ["Observation/bens"]),
    ]  # fmt: skip
    for permissions, expected in cases:
        confined = granted(loaded, *permissions)
        for query in (every, f"{every}&_count=1", f"{every}&_containedType=contained"):
            answered = sorted(one.partition("#")[0] for one in found(confined, query))
            assert answered == expected, (permissions, query)
        assert confined.get(f"{every}&_summary=count").json()["total"] == len(expected)


def test_a_chain_into_a_contained_resource_is_granted_as_the_resource_that_refers(loaded: Client) -> None:
    query = "Observation?subject.name=adams"
    assert found(granted(loaded, Permission("Observation", ALL_INTERACTIONS)), query) == [ONE]
    assert found(granted(loaded, Permission("*", ALL_INTERACTIONS, ("Patient", "ann"))), query) == [ONE]
    assert found(granted(loaded, Permission("*", ALL_INTERACTIONS, ("Patient", "ben"))), query) == []
