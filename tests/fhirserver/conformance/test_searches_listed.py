"""Every search parameter, include and reverse include of the CapabilityStatement works; what it does not list is refused.

One request a type asks for all its parameters together, strictly: one that is unknown would make it fail by name.
"""

from urllib.parse import urlencode

import pytest

from fhirserver import bulk
from fhirserver.partitions import Partition
from fhirserver.search.limits import MAX_INCLUDES
from fhirspec.catalogue import get_catalogue
from tests.fhirserver.client import Client
from tests.fhirserver.conformance.statement import Json, Statement, a_resource, issues, value_for

STRICT = {"prefer": "handling=strict"}


@pytest.fixture
def alone(partition: Partition) -> Client:
    return Client(partition)


@pytest.fixture
def filled(alone: Client) -> Client:
    """One resource of each type."""
    bulk.load(alone.partition, [a_resource(one) for one in get_catalogue().resource_types])
    return alone


def walked(client: Client) -> dict[str, Json]:
    """Every type on SQLite; every third on PostgreSQL, whose planner takes its time."""
    step = 3 if client.partition.region == "region_pg" else 1
    return dict(list(Statement.of(client).resources.items())[::step])


def asked(resource_type: str, parameters: list[Json]) -> list[tuple[str, str]]:
    return [(one["name"], value_for(resource_type, one)) for one in parameters]


def test_every_listed_parameter_is_searched(alone: Client) -> None:
    wrong = []
    for name, resource in walked(alone).items():
        pairs = asked(name, resource["searchParam"])
        answered = alone.get(f"{name}?{urlencode(pairs)}", **STRICT)
        if answered.status != 200:
            wrong.append(f"{name}: {answered.status} {issues(answered.body)}")
    assert wrong == []


def test_a_parameter_that_is_not_listed_is_refused(alone: Client) -> None:
    wrong = []
    for name, resource in walked(alone).items():
        listed = {one["name"] for one in resource["searchParam"]}
        for code in {*get_catalogue().search_parameters(name), "nonsense"} - listed:
            answered = alone.get(f"{name}?{code}=Patient/1", **STRICT)
            if answered.status != 400 or code not in issues(answered.body):
                wrong.append(f"{name}?{code}: {answered.status} {issues(answered.body)}")
    assert wrong == []


def test_every_listed_parameter_of_the_system_is_searched(alone: Client) -> None:
    listed = Statement.of(alone).rest["searchParam"]
    codes = {one["name"] for one in listed}
    of_all = set.intersection(
        *({p["name"] for p in one["searchParam"]} for one in Statement.of(alone).resources.values())
    )
    assert codes == of_all | {"_type"}
    for code, value in [
        *asked("Patient", [one for one in listed if one["name"] != "_type"]),
        ("_type", "Patient"),
    ]:
        query = urlencode({"_type": "Patient,Basic", code: value})
        assert alone.get(f"?{query}", **STRICT).status == 200, code
    assert alone.get("?_type=Patient,Basic&family=x", **STRICT).status == 400


def test_every_listed_include_is_followed(filled: Client) -> None:
    wrong = []
    for name, resource in walked(filled).items():
        pairs = [("_include", one) for one in resource.get("searchInclude", ())]
        pairs += [("_revinclude", one) for one in resource.get("searchRevInclude", ())]
        for begin in range(0, len(pairs), MAX_INCLUDES):
            query = urlencode([("_id", "x"), *pairs[begin : begin + MAX_INCLUDES]])
            answered = filled.get(f"{name}?{query}", **STRICT)
            if answered.status != 200:
                wrong.append(f"{name}: {answered.status} {issues(answered.body)}")
    assert wrong == []


def test_an_include_that_is_not_listed_is_refused(alone: Client) -> None:
    wrong = []
    for name, resource in walked(alone).items():
        for parameter in resource["searchParam"]:
            asked_for = f"{name}:{parameter['name']}"
            if asked_for in resource.get("searchInclude", ()):
                continue
            if alone.get(f"{name}?_include={asked_for}", **STRICT).status != 400:
                wrong.append(asked_for)
    assert wrong == []


def test_a_listed_include_finds_what_is_referred_to(alone: Client) -> None:
    patient = {"resourceType": "Patient", "id": "ann"}
    observation = {**a_resource("Observation", "o"), "subject": {"reference": "Patient/ann"}}
    bulk.load(alone.partition, [patient, observation])
    resources = Statement.of(alone).resources
    for query in ("Observation?_id=o&_include=Observation:subject", "Observation?_id=o&_include=*"):
        assert [one["resource"]["id"] for one in alone.get(query).json()["entry"]] == ["o", "ann"]
    for listed in (one for one in resources["Patient"]["searchRevInclude"] if one.startswith("Observation:")):
        expected = ["ann", "o"] if listed in ("Observation:subject", "Observation:patient") else ["ann"]
        found = alone.get(f"Patient?_id=ann&_revinclude={listed}").json()["entry"]
        assert [one["resource"]["id"] for one in found] == expected, listed


def test_every_listed_compartment_is_searched_and_no_other(alone: Client) -> None:
    listed = {one.rpartition("/")[2] for one in Statement.of(alone).rest["compartment"]}
    for name in get_catalogue().resource_types:
        answered = alone.get(f"{name}/x/*?_summary=count")
        assert answered.status == (200 if name.lower() in listed else 404), name
    wrong = []
    for compartment in get_catalogue().compartments:
        for name in get_catalogue().compartment(compartment):
            answered = alone.get(f"{compartment}/x/{name}?_count=1", **STRICT)
            if answered.status != 200:
                wrong.append(f"{compartment}/x/{name}: {answered.status} {issues(answered.body)}")
    assert wrong == []
