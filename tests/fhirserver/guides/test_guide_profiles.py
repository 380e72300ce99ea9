"""Profiles of guides, and those that clients store: $validate, writes, and the CapabilityStatement."""

from typing import Any

import pytest

from fhirserver.access import AccessGrant, Permission
from fhirserver.guides.install import check_writes, install, uninstall
from fhirserver.guides.memory import Writes
from fhirserver.reindex import reindex
from fhirspec.validation import validate
from tests.fhirserver.client import Client
from tests.fhirserver.guides.packages import CANONICAL, CLAN_PARAMETER, Json, member_of, package

NAMED = f"{CANONICAL}/StructureDefinition/named-patient"
CODED = f"{CANONICAL}/StructureDefinition/coded-patient"
CODES = f"{CANONICAL}/ValueSet/marital"


def profile(url: str, elements: list[Json], **more: Any) -> Json:
    return {
        "resourceType": "StructureDefinition",
        "id": url.rpartition("/")[2],
        "url": url,
        "version": "1.0.0",
        "name": "Profile",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "derivation": "constraint",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "snapshot": {"element": [{"id": "Patient", "path": "Patient", "min": 0, "max": "*"}, *elements]},
        **more,
    }


def element(name: str, kind: str, minimum: int, **more: Any) -> Json:
    path = f"Patient.{name}"
    made = {"id": path, "path": path, "min": minimum, "max": "*", "type": [{"code": kind}], **more}
    return {"mustSupport": True, **made}


BINDING = {"strength": "required", "valueSet": f"{CODES}|1.0.0"}
NAMED_PATIENT = profile(NAMED, [element("name", "HumanName", 1)])
CODED_PATIENT = profile(
    CODED,
    [element("gender", "code", 1), element("maritalStatus", "CodeableConcept", 1, max="1", binding=BINDING)],
)
MARITAL = {
    "resourceType": "ValueSet",
    "id": "marital",
    "url": CODES,
    "version": "1.0.0",
    "status": "active",
    "compose": {"include": [{"system": "urn:marital", "concept": [{"code": "M"}]}]},
}
SERVER = {
    "resourceType": "CapabilityStatement",
    "id": "server",
    "url": f"{CANONICAL}/CapabilityStatement/server",
    "status": "active",
    "date": "2024",
    "kind": "requirements",
    "fhirVersion": "4.0.1",
    "format": ["json"],
    "rest": [{"mode": "server"}],
}
GUIDE = {
    "resourceType": "ImplementationGuide",
    "id": "clans",
    "url": f"{CANONICAL}/ImplementationGuide/clans",
    "name": "Clans",
    "status": "active",
    "packageId": "org.example.clans",
    "fhirVersion": ["4.0.1"],
}
EVERYTHING = package([NAMED_PATIENT, CODED_PATIENT, MARITAL, SERVER, GUIDE, CLAN_PARAMETER])
NOBODY: Json = {"resourceType": "Patient"}


def claiming(url: str, **more: Any) -> Json:
    return {"resourceType": "Patient", "meta": {"profile": [url]}, **more}


def complaints(client: Client, resource: Json, query: str = "") -> list[tuple[str, str]]:
    """Severity and path of each problem; that these patients have no narrative is left out."""
    issues = client.post(f"Patient/$validate{query}", resource).json()["issue"]
    found = [(one["severity"], one.get("expression", [""])[0]) for one in issues]
    return [one for one in found if one != ("warning", "Patient") and one[0] != "information"]


@pytest.fixture
def guided(client: Client) -> Client:
    install(client.partition, EVERYTHING)
    return client


def test_validate_checks_the_profile_that_is_asked_for(guided: Client) -> None:
    assert ("error", "Patient.name") in complaints(guided, NOBODY, f"?profile={NAMED}")
    assert ("error", "Patient.name") in complaints(guided, NOBODY, f"?profile={NAMED}|1.0.0")
    assert complaints(guided, {**NOBODY, "name": [{"text": "Ann"}]}, f"?profile={NAMED}") == []
    assert complaints(guided, NOBODY, f"?profile={NAMED}|9") == [("error", "")]


def test_validate_checks_the_profiles_that_a_resource_claims(guided: Client) -> None:
    wrong = claiming(
        CODED, gender="other", maritalStatus={"coding": [{"system": "urn:marital", "code": "X"}]}
    )
    assert complaints(guided, wrong) == [("error", "Patient.maritalStatus")]
    right = claiming(
        CODED, gender="other", maritalStatus={"coding": [{"system": "urn:marital", "code": "M"}]}
    )
    assert complaints(guided, right) == []


def test_terminology_of_a_guide_is_expanded(guided: Client) -> None:
    assert guided.get(f"ValueSet/$expand?url={CODES}").json()["expansion"]["total"] == 1
    checked = guided.get(f"ValueSet/$validate-code?url={CODES}&system=urn:marital&code=M").json()
    assert checked["parameter"][0]["valueBoolean"] is True


def test_who_may_not_read_profiles_still_validates_against_a_guides(guided: Client) -> None:
    confined = Client(guided.partition, AccessGrant((Permission("Patient", frozenset("crus")),)))
    assert ("error", "Patient.name") in complaints(confined, NOBODY, f"?profile={NAMED}")
    guided.create({**NAMED_PATIENT, "id": "own", "url": "urn:own"})
    assert complaints(confined, NOBODY, "?profile=urn:own") == [("error", "")]
    assert ("error", "Patient.name") in complaints(guided, NOBODY, "?profile=urn:own")


def test_a_clients_own_profile_works_as_soon_as_it_is_stored(guided: Client) -> None:
    assert complaints(guided, NOBODY, "?profile=urn:own") == [("error", "")]
    created = guided.create({**NAMED_PATIENT, "url": "urn:own"})
    assert ("error", "Patient.name") in complaints(guided, NOBODY, "?profile=urn:own")
    guided.delete(f"StructureDefinition/{created['id']}")
    assert complaints(guided, NOBODY, "?profile=urn:own") == [("error", "")]


@pytest.mark.parametrize(
    ("writes", "resource", "status"),
    [
        (Writes.OFF, claiming(NAMED), 201),
        (Writes.DECLARED, NOBODY, 201),
        (Writes.DECLARED, claiming(NAMED), 422),
        (Writes.DECLARED, claiming("urn:unknown"), 201),
        (Writes.DECLARED, claiming(NAMED, name=[{"text": "Ann"}]), 201),
        (Writes.ENFORCED, NOBODY, 422),
        (Writes.ENFORCED, {**NOBODY, "name": [{"text": "Ann"}]}, 201),
        (Writes.ENFORCED, claiming("urn:unknown"), 422),
        (Writes.ENFORCED, claiming(CODED, name=[{"text": "Ann"}]), 422),
        (Writes.ENFORCED, {"resourceType": "Basic", "code": {"text": "x"}}, 201),
    ],
)
def test_writes_meet_what_the_setting_asks_for(
    guided: Client, writes: Writes, resource: Json, status: int
) -> None:
    check_writes(guided.partition, writes)
    assert guided.post(resource["resourceType"], resource).status == status
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"]}},
        ],
    }
    assert guided.post("", bundle).status == (200 if status == 201 else 422)


def test_every_problem_of_a_refused_write_has_its_path_and_profile(guided: Client) -> None:
    check_writes(guided.partition, Writes.DECLARED)
    refused = guided.put("Patient/p", claiming(CODED, id="p"))
    assert refused.status == 422
    issues = refused.json()["issue"]
    assert [one["expression"] for one in issues] == [["Patient.gender"], ["Patient.maritalStatus"]]
    assert all(CODED in one["diagnostics"] for one in issues)
    assert guided.get("Patient/p").status == 404


def test_a_patch_that_breaks_a_profile_is_refused(guided: Client) -> None:
    created = guided.create(claiming(NAMED, name=[{"text": "Ann"}]))
    check_writes(guided.partition, Writes.DECLARED)
    body = b'[{"op": "remove", "path": "/name"}]'
    patched = guided.request(
        "PATCH", f"Patient/{created['id']}", body, content_type="application/json-patch+json"
    )
    assert patched.status == 422


def test_without_the_guide_nothing_is_asked_any_more(guided: Client) -> None:
    check_writes(guided.partition, Writes.ENFORCED)
    uninstall(guided.partition, "org.example.clans")
    assert guided.post("Patient", NOBODY).status == 201


def test_the_capability_statement_names_guides_profiles_and_parameters(guided: Client) -> None:
    def patient() -> Json:
        resources = guided.get("metadata").json()["rest"][0]["resource"]
        return next(one for one in resources if one["type"] == "Patient")

    statement = guided.get("metadata").json()
    assert validate(statement, "CapabilityStatement") == []
    assert SERVER["url"] in statement["instantiates"]
    assert statement["implementationGuide"] == [f"{GUIDE['url']}|1.0.0"]
    assert patient()["supportedProfile"] == [CODED, NAMED]
    assert "clan" not in {one["name"] for one in patient()["searchParam"]}
    reindex(guided.partition, settle=0)
    listed = {one["name"]: one for one in patient()["searchParam"]}
    assert listed["clan"] == {"name": "clan", "type": "token", "definition": CLAN_PARAMETER["url"]}
    guided.create(member_of("fox"))
    assert guided.get("Patient?clan=fox").json()["total"] == 1
