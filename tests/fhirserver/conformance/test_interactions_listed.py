"""Every interaction, operation, format and flag of the CapabilityStatement works on every type; what is not listed is refused."""

from itertools import product

import pytest

from fhirserver.partitions import Partition
from fhirserver.routes import ROUTES
from fhirspec import json
from fhirspec.xml import from_xml, to_xml
from tests.fhirserver.client import Answered, Client
from tests.fhirserver.conformance.statement import Json, Statement, a_resource, issues

JSON_PATCH = b'[{"op": "add", "path": "/meta/tag", "value": [{"code": "a"}]}]'
FHIRPATH_PATCH: Json = {
    "resourceType": "Parameters",
    "parameter": [
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "add"},
                {"name": "path", "valueString": "{type}"},
                {"name": "name", "valueString": "language"},
                {"name": "value", "valueCode": "en"},
            ],
        }
    ],
}
UNLISTED = ("capabilities", "search-compartment", "operation")
"""Interactions of the routes that have no code of their own in a CapabilityStatement."""


@pytest.fixture
def alone(partition: Partition) -> Client:
    return Client(partition)


def walked(client: Client) -> list[Json]:
    """Every type on SQLite; every fifth on PostgreSQL, where only the statements differ."""
    step = 5 if client.partition.region == "region_pg" else 1
    return list(Statement.of(client).resources.values())[::step]


def patch(client: Client, address: str, name: str) -> Answered:
    headers = {"content_type": "application/json-patch+json", "prefer": "return=representation"}
    return client.request("PATCH", address, JSON_PATCH, **headers)


def do(client: Client, interaction: str, name: str) -> tuple[int, int]:
    """The status of an interaction with `name/x`, and the one that it should have."""
    resource = a_resource(name)
    at = f"{name}/x"
    match interaction:
        case "create":
            return client.post(name, resource).status, 201
        case "read":
            return client.get(at).status, 200
        case "vread":
            return client.get(f"{at}/_history/1").status, 200
        case "update":
            return client.put(at, resource, if_match='W/"1"').status, 200
        case "patch":
            return patch(client, at, name).status, 200
        case "delete":
            return client.delete(at).status, 204
        case "history-instance":
            return len(client.get(f"{at}/_history").json()["entry"]), 4
        case "history-type":
            return len(client.get(f"{name}/_history").json()["entry"]), 5
        case "search-type":
            return client.get(f"{name}?_id=x").json()["total"], 1
    raise AssertionError(f"{name} lists {interaction}, which this test does not know")


# `x` is created by its first update; what comes later counts its versions.
ORDER = (
    "search-type", "read", "vread", "update", "patch", "delete", "history-instance", "create", "history-type",
)  # fmt: skip


def test_every_listed_interaction_of_every_type_works(alone: Client) -> None:
    wrong = []
    for resource in walked(alone):
        name = resource["type"]
        listed = {one["code"] for one in resource["interaction"]}
        assert listed == set(ORDER)
        assert resource["updateCreate"] is True
        assert alone.put(f"{name}/x", a_resource(name)).status == 201
        for interaction in ORDER:
            got, expected = do(alone, interaction, name)
            if got != expected:
                wrong.append(f"{name} {interaction}: {got}, not {expected}")
    assert wrong == []


def test_every_listed_condition_of_every_type_is_kept(alone: Client) -> None:
    for resource in walked(alone)[::4]:
        name = resource["type"]
        mine = a_resource(name)
        assert (resource["conditionalCreate"], resource["conditionalUpdate"]) == (True, True)
        assert alone.put(f"{name}?_id=x", mine).status == 201, name
        assert alone.put(f"{name}?_id=x", mine).status == 200, name
        assert alone.post(name, mine, if_none_exist="_id=x").status == 200, name
        assert resource["versioning"] == "versioned-update"
        assert alone.put(f"{name}/x", mine, if_match='W/"1"').status == 412, name
        assert resource["conditionalRead"] == "full-support"
        read = alone.get(f"{name}/x")
        assert alone.get(f"{name}/x", if_none_match=read.headers["ETag"]).status == 304
        assert alone.get(f"{name}/x", if_modified_since=read.headers["Last-Modified"]).status == 304
        assert patch(alone, f"{name}?_id=x", name).status == 200, name
        assert resource["conditionalDelete"] == "multiple"
        alone.put(f"{name}/y", {**mine, "id": "y"})
        assert alone.delete(f"{name}?_id=x,y").status == 412, name
        assert alone.delete(f"{name}?_id=x,y&_count=2").status == 204, name
        assert [alone.get(f"{name}/{one}").status for one in "xy"] == [410, 410], name


def test_a_reference_may_be_literal_or_logical(alone: Client) -> None:
    assert all(
        one["referencePolicy"] == ["literal", "logical"] for one in Statement.of(alone).resources.values()
    )
    for reference in (
        {"reference": "Patient/nobody"},
        {"reference": "https://elsewhere.example.org/Patient/1"},
        {"identifier": {"system": "urn:x", "value": "1"}},
    ):
        alone.create({**a_resource("Observation"), "subject": reference})


def test_every_listed_interaction_of_the_system_works(alone: Client) -> None:
    alone.put("Patient/x", a_resource("Patient"))
    listed = {one["code"] for one in Statement.of(alone).rest["interaction"]}
    assert listed == {"transaction", "batch", "search-system", "history-system"}
    for kind in ("transaction", "batch"):
        entry = {"request": {"method": "GET", "url": "Patient/x"}}
        bundle = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
        assert alone.post("", bundle).json()["entry"][0]["response"]["status"].startswith("200")
    assert alone.get("?_type=Patient").json()["total"] == 1
    assert alone.post("_search?_type=Patient").json()["total"] == 1
    assert alone.get("_history").json()["total"] == 1


def test_every_route_is_listed_and_every_other_is_refused(alone: Client) -> None:
    statement = Statement.of(alone)
    listed = {one["code"] for one in statement.rest["interaction"]}
    listed |= {one["code"] for one in statement.resources["Patient"]["interaction"]}
    assert {one.interaction for one in ROUTES} - set(UNLISTED) <= listed
    paths = {
        "": "", "_search": "_search", "_history": "_history", "metadata": "metadata", "T": "Patient",
        "T/_search": "Patient/_search", "T/_history": "Patient/_history", "T/I": "Patient/x",
        "T/I/_history": "Patient/x/_history", "T/I/_history/V": "Patient/x/_history/1",
    }  # fmt: skip
    offered = {(one.method, one.shape) for one in ROUTES}
    for method, (shape, path) in product(("GET", "POST", "PUT", "PATCH", "DELETE"), paths.items()):
        if (method, shape) not in offered:
            answered = alone.request(method, path)
            assert answered.status == 405, (method, path)
            assert method not in answered.headers["Allow"].split(", ")
    for unknown in (
        "Pation",
        "Patient/x/nothing",
        "Patient/x/_history/1/more",
        "$nothing",
        "Patient/$nothing",
    ):
        assert alone.get(unknown).status == 404, unknown


def test_every_listed_operation_answers_and_no_other(alone: Client) -> None:
    statement = Statement.of(alone)
    everything = {name: one.get("operation", []) for name, one in statement.resources.items()}
    codes = {one["name"] for found in everything.values() for one in found}
    wrong = []
    for name, found in everything.items():
        listed = {one["name"] for one in found}
        for code in codes:
            answers = [
                alone.request(
                    method, f"{at}/${code}", a_resource("Parameters", "p") if method == "POST" else None
                )
                for at, method in product((name, f"{name}/none"), ("GET", "POST"))
            ]
            if any(_has_route(one, code) for one in answers) != (code in listed):
                wrong.append(f"{name} ${code}: {[one.status for one in answers]}")
    assert wrong == []
    for one in statement.rest["operation"]:
        assert _has_route(alone.get(f"${one['name']}"), one["name"])


def _has_route(answered: Answered, code: str) -> bool:
    text = issues(answered.body) if answered.status >= 400 else ""
    return (
        answered.status != 405 and "There is nothing at" not in text and f"no operation ${code}" not in text
    )


def test_the_definition_of_every_listed_operation_is_served(alone: Client) -> None:
    statement = Statement.of(alone)
    urls = {
        one["definition"]
        for part in (statement.rest, *statement.resources.values())
        for one in part.get("operation", ())
    }
    for url in sorted(urls):
        found = alone.get(f"OperationDefinition?url={url}").json()
        assert found["total"] == 1, url
        definition = found["entry"][0]["resource"]
        assert definition["url"] == url
        assert alone.get(f"OperationDefinition/{definition['id']}").json() == definition
    assert alone.get("OperationDefinition?url=http://example.org/none").json()["total"] == 0


def test_every_listed_format_is_read_and_written(alone: Client) -> None:
    formats = Statement.of(alone).whole["format"]
    patient = a_resource("Patient")
    for one in formats:
        is_xml = "xml" in one
        answered = alone.put(f"Patient/x?_format={one.replace('+', '%2B')}", patient)
        read = from_xml(answered.body) if is_xml else answered.json()
        assert read["id"] == "x"
        if "/" in one:
            body = to_xml(patient) if is_xml else json.encode(patient)
            assert alone.put("Patient/x", body, content_type=one).status == 200
            assert one in alone.get("Patient/x", accept=one).headers["Content-Type"]
    assert alone.get("Patient/x?_format=text/turtle").status == 406
    assert alone.get("Patient/x", accept="text/turtle").status == 406
    assert alone.put("Patient/x", b"<a> <b> <c> .", content_type="text/turtle").status == 415


def test_every_listed_patch_format_is_taken(alone: Client) -> None:
    by_path = json.decode(json.encode(FHIRPATH_PATCH).replace(b"{type}", b"Patient"))
    bodies = {
        "application/json-patch+json": JSON_PATCH,
        "application/merge-patch+json": b'{"language": "en"}',
        "application/fhir+json": json.encode(by_path),
        "application/fhir+xml": to_xml(by_path),
    }
    assert set(Statement.of(alone).whole["patchFormat"]) == set(bodies)
    for one, body in bodies.items():
        alone.put("Patient/x", a_resource("Patient"))
        assert alone.request("PATCH", "Patient/x", body, content_type=one).status == 200, one
    assert (
        alone.request("PATCH", "Patient/x", b"<diff/>", content_type="application/xml-patch+xml").status
        == 415
    )


def test_the_statement_is_the_same_in_xml_and_in_every_mode(alone: Client) -> None:
    whole = Statement.of(alone).whole
    assert from_xml(alone.get("metadata?_format=xml").body) == whole
    assert alone.get("metadata?mode=full").json() == whole
    assert alone.get("metadata?mode=normative").json() == whole
    summary = alone.get("metadata?_summary=true")
    assert len(summary.body) < len(alone.get("metadata").body) / 2
    assert set(alone.get("metadata?_elements=fhirVersion").json()) >= {"fhirVersion", "status", "kind"}
    assert "rest" not in alone.get("metadata?_elements=fhirVersion").json()
