"""$everything, $validate, $meta, terminology, export."""

from typing import Any

import pytest

from fhirserver import bulk
from fhirserver.access import FULL, AccessGrant, Permission
from fhirserver.operations.export import Export, ExportRequest
from fhirspec import json
from tests.fhirserver.client import BASE, Client


def observation(logical_id: str, patient: str, date: str = "2020-01-01") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": logical_id,
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{patient}"},
        "performer": [{"reference": "Practitioner/doctor"}],
        "effectiveDateTime": date,
    }


@pytest.fixture
def filled(client: Client) -> Client:
    people = [
        {"resourceType": "Patient", "id": name, "generalPractitioner": [{"reference": "Organization/clinic"}]}
        for name in ("ada", "bea")
    ]
    around = [
        {"resourceType": "Practitioner", "id": "doctor"},
        {"resourceType": "Organization", "id": "clinic", "name": "Clinic"},
        {"resourceType": "Organization", "id": "stranger", "name": "Stranger"},
        {"resourceType": "Person", "id": "person", "link": [{"target": {"reference": "Patient/ada"}}]},
    ]
    observations = [observation(f"a{n}", "ada", f"20{10 + n}-01-01") for n in range(5)]
    bulk.load(client.partition, [*people, *around, *observations, observation("b0", "bea")])
    return client


def ids(bundle: dict[str, Any]) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle.get("entry", [])]


def test_everything_is_the_compartment_and_what_it_refers_to(filled: Client) -> None:
    bundle = filled.get("Patient/ada/$everything").json()
    assert bundle["type"] == "searchset"
    assert set(ids(bundle)) >= {"ada", "doctor", "clinic", "a0", "a1", "a2", "a3", "a4"}
    assert not set(ids(bundle)) & {"bea", "b0", "stranger"}
    assert len(ids(bundle)) == len(set(ids(bundle))) == bundle["total"]
    assert set(ids(bundle)) <= set(ids(filled.get("Person/person/$everything").json()))


def test_everything_in_pages_shows_each_once(filled: Client) -> None:
    whole = ids(filled.get("Patient/ada/$everything").json())
    page = filled.get("Patient/ada/$everything?_count=3").json()
    assert {"self", "first", "next", "last"} <= {link["relation"] for link in page["link"]}
    seen = ids(page)
    while following := [link["url"] for link in page["link"] if link["relation"] == "next"]:
        page = filled.get(following[0]).json()
        seen += ids(page)
    assert sorted(seen) == sorted(whole)


def test_everything_asked_for_in_a_body_leads_to_more_of_the_same(filled: Client) -> None:
    given = [
        {"name": "start", "valueDate": "2011-06"},
        {"name": "_type", "valueString": "Observation"},
        {"name": "_count", "valueInteger": 2},
    ]
    page = filled.post("Patient/ada/$everything", {"resourceType": "Parameters", "parameter": given}).json()
    seen = ids(page)
    while following := [link["url"] for link in page["link"] if link["relation"] == "next"]:
        page = filled.get(following[0]).json()
        seen += ids(page)
    assert sorted(seen) == ["a2", "a3", "a4"]


def test_parts_of_everything_and_their_number(filled: Client) -> None:
    whole = filled.get("Patient/ada/$everything").json()["total"]
    counted = filled.get("Patient/ada/$everything?_summary=count").json()
    assert (counted["total"], "entry" in counted) == (whole, False)
    for asked in ("_summary=true", "_elements=status"):
        for page in ("", "&_count=3"):
            bundle = filled.get(f"Patient/ada/$everything?_type=Observation&{asked}{page}").json()
            for entry in bundle["entry"]:
                assert entry["resource"]["meta"]["tag"][-1]["code"] == "SUBSETTED"
    assert filled.get("Patient/ada/$everything?_summary=most").status == 400


def test_everything_follows_references_by_the_whole_address(filled: Client) -> None:
    by_address = {**observation("whole", "ada"), "performer": [{"reference": f"{BASE}/Practitioner/other"}]}
    filled.put("Practitioner/other", {"resourceType": "Practitioner", "id": "other"})
    filled.put("Observation/whole", by_address)
    assert "other" in ids(filled.get("Patient/ada/$everything").json())
    linked = {"resourceType": "Person", "id": "p", "link": [{"target": {"reference": f"{BASE}/Patient/ada"}}]}
    filled.put("Person/p", linked)
    assert {"ada", "whole", "other"} <= set(ids(filled.get("Person/p/$everything").json()))


def test_everything_of_a_time_and_of_types(filled: Client) -> None:
    bundle = filled.get("Patient/ada/$everything?_type=Observation&start=2012&end=2013").json()
    assert set(ids(bundle)) == {"a2", "a3"}
    assert filled.get("Patient/ada/$everything?start=yesterday").status == 400
    assert filled.get("Patient/ada/$everything?_type=Nothing").status == 400
    assert filled.get("Patient/none/$everything").status == 404
    assert filled.get("Observation/a0/$everything").status == 404


def test_everything_stays_inside_of_the_grant(filled: Client) -> None:
    grant = AccessGrant((Permission("*", frozenset("rs"), ("Patient", "ada")),))
    confined = Client(filled.partition, grant)
    assert "doctor" in ids(confined.get("Patient/ada/$everything").json())
    assert "stranger" not in ids(confined.get("Patient/ada/$everything").json())
    assert confined.get("Patient/bea/$everything").status == 403
    assert confined.get("Observation/a0").status == 200
    assert confined.get("Observation/b0").status == 403
    assert confined.get("Observation/b0/_history/1").status == 403
    record = {"ada", "person", "a0", "a1", "a2", "a3", "a4"}
    assert set(ids(confined.get("_history").json())) <= record | {"doctor", "clinic"}


def test_a_confined_grant_writes_only_inside_of_its_compartment(filled: Client) -> None:
    confined = Client(
        filled.partition, AccessGrant((Permission("*", frozenset("cruds"), ("Patient", "ada")),))
    )
    mine, foreign = observation("a0", "ada"), observation("b0", "bea")
    assert confined.put("Observation/a0", mine).status == 200
    assert confined.put("Observation/a0", {**mine, "subject": {"reference": "Patient/bea"}}).status == 403
    assert confined.put("Observation/b0", foreign).status == 403
    assert confined.put("Observation/b0", {**foreign, "subject": {"reference": "Patient/ada"}}).status == 403
    assert confined.post("Observation", foreign).status == 403
    assert confined.delete("Observation/b0").status == 403
    assert filled.get("Observation/b0").headers["ETag"] == 'W/"1"'


def test_validate_tells_every_problem_and_stores_nothing(client: Client) -> None:
    bad = {"resourceType": "Patient", "gender": "x", "birthDate": "soon"}
    answered = client.post("Patient/$validate", bad)
    assert answered.status == 200
    assert len(answered.json()["issue"]) == 2
    narrative = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">Ada</div>'}
    good = client.post("Patient/$validate", {"resourceType": "Patient", "text": narrative}).json()
    assert good["issue"][0]["severity"] == "information"
    assert (
        client.post("Observation/$validate", {"resourceType": "Patient"}).json()["issue"][0]["severity"]
        == "error"
    )
    assert client.get("_history").json().get("entry") is None


def test_validate_checks_a_profile_that_is_asked_for_or_claimed(client: Client) -> None:
    bp = "http://hl7.org/fhir/StructureDefinition/bp"
    reading = {"resourceType": "Observation", "status": "final", "code": {"text": "Blood pressure"}}
    asked = client.post(f"Observation/$validate?profile={bp}", reading).json()["issue"]
    assert "Observation.component" in [path for one in asked for path in one.get("expression", ())]
    claimed = client.post("Observation/$validate", {**reading, "meta": {"profile": [bp]}}).json()["issue"]
    assert [one for one in claimed if one["severity"] == "error"]
    unknown = client.post("Observation/$validate?profile=http://unknown.example", reading).json()["issue"]
    assert [one["severity"] for one in unknown if one["code"] == "not-supported"] == ["error"]


def test_an_invalid_resource_is_refused_with_its_paths(client: Client) -> None:
    refused = client.post("Patient", {"resourceType": "Patient", "gender": "x"})
    assert refused.status == 422
    assert refused.json()["issue"][0]["expression"] == ["Patient.gender"]


def test_meta_is_read_added_to_and_taken_from(client: Client) -> None:
    created = client.create({"resourceType": "Patient"})
    tag = {"system": "urn:t", "code": "x"}
    given = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [tag]}}]}
    address = f"Patient/{created['id']}"
    added = client.post(f"{address}/$meta-add", given).json()
    assert added["parameter"][0]["valueMeta"]["tag"] == [tag]
    assert client.get(f"{address}/$meta").json()["parameter"][0]["valueMeta"]["tag"] == [tag]
    client.post(f"{address}/$meta-delete", given)
    assert "tag" not in client.get(address).json()["meta"]


def test_a_value_set_is_expanded_and_its_codes_are_known(client: Client) -> None:
    url = "http://hl7.org/fhir/ValueSet/administrative-gender"
    expansion = client.get(f"ValueSet/$expand?url={url}").json()["expansion"]
    assert [one["code"] for one in expansion["contains"]] == ["male", "female", "other", "unknown"]
    some = client.get(f"ValueSet/$expand?url={url}&filter=FEM&count=1").json()["expansion"]
    assert [one["code"] for one in some["contains"]] == ["female"]
    for code, result in (("male", True), ("x", False)):
        answered = client.get(f"ValueSet/$validate-code?url={url}&code={code}").json()
        assert answered["parameter"][0]["valueBoolean"] is result
    found = client.get("CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=male")
    assert found.status == 200
    assert client.get("ValueSet/$expand?url=http://unknown.example").status == 404


def test_an_export_has_each_resource_of_a_type_once(filled: Client) -> None:
    asked = ExportRequest(level="patient", types=("Observation", "Patient"))
    export = Export(filled.partition, FULL, asked)
    assert export.types() == ["Observation", "Patient"]
    lines = [json.decode(line)["id"] for line in export.lines("Observation")]
    assert sorted(lines) == ["a0", "a1", "a2", "a3", "a4", "b0"]
    assert len(list(Export(filled.partition, FULL, ExportRequest()).lines("Organization"))) == 2
