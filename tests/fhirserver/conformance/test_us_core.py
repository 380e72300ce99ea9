"""A deployment with US Core installed does what the guide's CapabilityStatement asks of a server."""

from pathlib import Path
from urllib.parse import quote

import pytest

from fhirserver import bulk
from fhirserver.guides.install import install
from fhirserver.partitions import reserve
from fhirserver.reindex import reindex
from fhirspec import json
from tests.fhirserver.client import Client
from tests.fhirserver.conformance.us_core import (
    SERVER,
    VERSIONS,
    Json,
    demanded,
    is_demanded,
    package_of,
    parameter_of,
    patient_bundle,
    searches,
    value_in,
)

pytestmark = pytest.mark.django_db(databases="__all__")
RACE_WITHOUT_TEXT = {
    "url": "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race",
    "extension": [
        {"url": "detailed", "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "2106-3"}}
    ],
}
STRICT = {"prefer": "handling=strict"}


def with_guide(shared_data: Path, version: str, *patients: int) -> Client:
    """A deployment with these sample patients, and the guide on top of them."""
    client = Client(reserve("region_local"))
    for number in patients:
        assert client.post("", patient_bundle(shared_data, number)).status == 200
    install(client.partition, package_of(shared_data, version))
    reindex(client.partition, settle=0)
    return client


def found(client: Client, query: str) -> list[Json]:
    answered = client.get(query, **STRICT)
    assert answered.status == 200, (query, answered.body)
    return [one["resource"] for one in answered.json().get("entry", [])]


def all_of(client: Client, resource_type: str) -> list[Json]:
    return [json.decode(one) for one in bulk.dump(client.partition, resource_type)]


def one_search(client: Client, resource_type: str, codes: tuple[str, ...], stored: list[Json]) -> str | None:
    """What is wrong with a demanded search, tried with the values of the first resource that has them all; None: nothing."""
    parameters = [parameter_of(client.partition, resource_type, code) for code in codes]
    for resource in stored:
        values = [value_in(one, resource) for one in parameters]
        if None not in values:
            query = "&".join(f"{code}={quote(str(value))}" for code, value in zip(codes, values, strict=True))
            if resource["id"] in [one["id"] for one in found(client, f"{resource_type}?{query}&_count=500")]:
                return None
            return f"{resource_type}?{query} does not find {resource['id']}"
    return None


@pytest.mark.parametrize("version", VERSIONS)
def test_all_that_the_guides_statement_demands_is_there(shared_data: Path, version: str) -> None:
    client = with_guide(shared_data, version, 85)
    asked = demanded(client)["rest"][0]["resource"]
    require_listed(client, asked)
    wrong, tried = [], 0
    for resource in asked:
        stored = all_of(client, resource["type"])
        for codes in searches(resource):
            tried += 1
            wrong.append(one_search(client, resource["type"], codes, stored))
    assert [one for one in wrong if one] == []
    assert tried > 30


def require_listed(client: Client, asked: list[Json]) -> None:
    """The server's own statement names the guide, and everything that the guide's statement demands."""
    statement = client.get("metadata").json()
    assert SERVER in statement["instantiates"]
    mine = {one["type"]: one for one in statement["rest"][0]["resource"]}
    for resource in asked:
        offered = mine[resource["type"]]
        own = [one for one in resource.get("supportedProfile", ()) if "/us/core/" in one]
        assert set(own) <= set(offered.get("supportedProfile", ()))
        for part, key in (("searchParam", "name"), ("interaction", "code"), ("operation", "name")):
            listed = {one[key] for one in offered.get(part, ())}
            assert {one[key] for one in resource.get(part, ()) if is_demanded(one)} <= listed, resource[
                "type"
            ]
        assert set(resource.get("searchRevInclude", ())) <= set(offered["searchRevInclude"])


def test_dates_lists_includes_and_documents_answer_as_demanded(shared_data: Path) -> None:
    client = with_guide(shared_data, "6.1.0", 355, 85)
    born = found(client, "Patient?_id=85")[0]["birthDate"]
    for prefix, finds in (("gt1900", True), ("lt1900", False), (f"ge{born}", True), (f"le{born}", True)):
        ids = [one["id"] for one in found(client, f"Patient?_id=85&birthdate={prefix}")]
        assert ids == (["85"] if finds else [])
    either = found(client, "Observation?patient=85&status=final,amended&_count=500")
    assert len(either) == len(found(client, "Observation?patient=Patient/85&status=final&_count=500")) > 0

    provenance = all_of(client, "Provenance")[0]
    resource_type, _, logical_id = provenance["target"][0]["reference"].partition("/")
    together = found(client, f"{resource_type}?_id={logical_id}&_revinclude=Provenance:target")
    assert {logical_id, provenance["id"]} <= {one["id"] for one in together}
    order = next(one for one in all_of(client, "MedicationRequest") if "medicationReference" in one)
    together = found(client, f"MedicationRequest?_id={order['id']}&_include=MedicationRequest:medication")
    assert {one["resourceType"] for one in together} == {"MedicationRequest", "Medication"}

    documents = {one["id"] for one in found(client, "DocumentReference?patient=85&_count=500")}
    assert ids_by_page(client, client.get("DocumentReference/$docref?patient=85").json()) == documents
    given = {"name": "patient", "valueId": "85"}
    posted = client.post("DocumentReference/$docref", {"resourceType": "Parameters", "parameter": [given]})
    assert ids_by_page(client, posted.json()) == documents
    assert client.get("DocumentReference/$docref").status == 400


def ids_by_page(client: Client, bundle: Json) -> set[str]:
    """Of a searchset and of the pages that follow it."""
    ids = {one["resource"]["id"] for one in bundle["entry"]}
    following = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
    return ids | (ids_by_page(client, client.get(following[0]).json()) if following else set())


def test_sample_data_meets_its_profiles_and_broken_data_does_not(shared_data: Path) -> None:
    client = with_guide(shared_data, "6.1.0")
    resources = client.get("metadata").json()["rest"][0]["resource"]
    supported = {one["type"]: one["supportedProfile"] for one in resources if "supportedProfile" in one}
    samples = [one["resource"] for one in patient_bundle(shared_data, 85)["entry"]]
    checked = 0
    for one in samples[::4]:
        kind = one["resourceType"]
        for profile in set(one["meta"].get("profile", ())) & set(supported.get(kind, ())):
            checked += 1
            assert errors_of(client, one, profile) == []
    assert checked > 20
    patient = next(one for one in samples if one["resourceType"] == "Patient")
    profile = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"
    for broken, place in (
        ({**patient, "identifier": [{"use": "usual"}]}, "Patient.identifier[0]"),
        (
            {key: value for key, value in patient.items() if key not in ("gender", "_gender")},
            "Patient.gender",
        ),
        ({**patient, "extension": [RACE_WITHOUT_TEXT]}, "Patient.extension[0].extension"),
    ):
        found_at = [one["expression"][0] for one in errors_of(client, broken, profile)]
        assert any(one.startswith(place) for one in found_at), (place, found_at)


def errors_of(client: Client, resource: Json, profile: str) -> list[Json]:
    outcome = client.post(f"{resource['resourceType']}/$validate?profile={profile}", resource).json()
    return [one for one in outcome["issue"] if one["severity"] == "error"]
