"""The public list of Bulk Data 2.0 server checks, walked item by item by a backend service with a signed assertion.

https://github.com/inferno-framework/bulk-data-test-kit (discovery, backend services, kick-off, status, files, parameters, cancel).
"""

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from pytest_django import Settings

from credentials.models import ApplicationKind
from deployments.models import Deployment
from smart.applications import Registration, create_application
from smart.protocol.client_authentication import ASSERTION_TYPE
from smart.servers import integrated_server
from tests.gateway.conftest import Caller
from tests.gateway.exporting import (
    GROUPS,
    OF_ADA,
    OF_BEA,
    OF_CIA,
    PEOPLE,
    body_of,
    exported,
    finished,
    kick_off,
    lines_of,
    refused,
)
from tests.gateway.scoped import Token

KEYS = {
    "RS384": RSAKey.generate_key(2048, parameters={"kid": "rsa"}),
    "ES384": ECKey.generate_key("P-384", parameters={"kid": "ec"}),
}


Service = Callable[..., Token]


@pytest.fixture(autouse=True)
def _stored(settings: Settings, tmp_path: Path, full: Caller) -> None:
    settings.TRANSFER_DIR = tmp_path
    entries = [
        {"resource": one, "request": {"method": "PUT", "url": f"{one['resourceType']}/{one['id']}"}}
        for one in PEOPLE
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    response: Any = full("POST", "", json.dumps(bundle))
    assert response.status_code == 200, response.content


@pytest.fixture
def service(deployment: Deployment, nobody: Caller) -> Service:
    """`service(scope, algorithm)`: the client of a backend service, which got its token as the specification says."""
    jwks = {"keys": [key.as_dict(private=False) for key in KEYS.values()]}
    asked = Registration("Bulk", ApplicationKind.BACKEND, jwks=jwks, allowed_scopes="system/*.rs")
    application, _ = create_application(integrated_server(deployment), asked, by=None)

    def make(scope: str = "system/*.read", algorithm: str = "ES384") -> Token:
        discovered: Any = nobody("GET", ".well-known/smart-configuration")
        address, now = json.loads(discovered.content)["token_endpoint"], int(time.time())
        key = KEYS[algorithm]
        claims = {
            "iss": application.client_id,
            "sub": application.client_id,
            "aud": address,
            "exp": now + 240,
            "jti": str(uuid.uuid4()),
        }
        assertion = jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, algorithms=[algorithm])
        sent = {
            "grant_type": "client_credentials",
            "scope": scope,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        answer = nobody.client.post(f"/auth/{deployment.pk}/token", sent)
        assert answer.status_code == 200, answer.content
        return Token(nobody.client, nobody.base, answer.json()["access_token"])

    return make


def test_the_capability_statement_declares_every_export(nobody: Caller) -> None:
    statement = json.loads(body_of(nobody("GET", "metadata")))
    base = "http://hl7.org/fhir/uv/bulkdata"
    assert f"{base}/CapabilityStatement/bulk-data" in statement["instantiates"]
    rest = statement["rest"][0]
    by_type = {one["type"]: one.get("operation", []) for one in rest["resource"]}
    for offered, definition in (
        (rest["operation"], "export"),
        (by_type["Patient"], "patient-export"),
        (by_type["Group"], "group-export"),
    ):
        assert {"name": "export", "definition": f"{base}/OperationDefinition/{definition}"} in offered


@pytest.mark.parametrize("algorithm", sorted(KEYS))
def test_a_group_is_exported_by_a_backend_service(service: Service, nobody: Caller, algorithm: str) -> None:
    caller = service(algorithm=algorithm)
    refused(nobody("GET", "Group/both/$export", prefer="respond-async"), 401)
    status = kick_off(caller, "Group/both/$export?_outputFormat=application/fhir%2Bndjson")
    manifest = finished(caller, status)
    assert manifest["request"].endswith("Group/both/$export?_outputFormat=application/fhir%2Bndjson")
    assert manifest["error"] == manifest["deleted"] == []
    found = lines_of(caller, manifest["output"])
    assert {f"{one['resourceType']}/{one['id']}" for one in found} == OF_ADA | OF_BEA | GROUPS
    a_file = manifest["output"][0]["url"].split("/r4/", 1)[1]
    for path in (status, a_file):
        refused(nobody("GET", path), 401)
        another = service("system/Patient.read")
        refused(another("GET", path), 404)
    cancelled: Any = caller("DELETE", status)
    assert cancelled.status_code == 202
    for path in (status, a_file):
        refused(caller("GET", path), 404)
    refused(caller("DELETE", status), 404)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$export", {f"{one['resourceType']}/{one['id']}" for one in PEOPLE}),
        ("Patient/$export", OF_ADA | OF_BEA | OF_CIA | GROUPS | {"Patient/dot"}),
        ("Patient/$export?_type=Practitioner,Organization", {"Practitioner/doctor", "Organization/clinic"}),
        ("Patient/$export?_outputFormat=ndjson&_type=Patient&_since=2000-01-01T00:00:00%2B02:00",
         {"Patient/ada", "Patient/bea", "Patient/cia", "Patient/dot"}),
        ("$export?_outputFormat=application/ndjson&_until=2000-01-01T00:00:00Z", set()),
        ("$export?_until=2000-01-01T00:00:00Z", set()),
        ("$export?_type=Patient&_typeFilter=Patient%3Fname%3Dada,Patient%3Fname%3Dbea%252Ccia",
         {"Patient/ada", "Patient/bea", "Patient/cia"}),
        ("$export?_type=Patient,Observation&_typeFilter=Patient%3F_id%3Dada&_typeFilter=Observation%3Fsubject%3DPatient/bea",
         {"Patient/ada", "Observation/bea-one", "Observation/bea-two"}),
        ("Group/both/$export?_type=Patient", {"Patient/ada", "Patient/bea"}),
    ],
)  # fmt: skip
def test_what_is_exported_can_be_chosen(service: Service, path: str, expected: set[str]) -> None:
    assert exported(service(), path) == expected


def test_patients_are_chosen_in_a_body(service: Service) -> None:
    caller = service()
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "patient", "valueReference": {"reference": "Patient/bea"}},
            {"name": "_type", "valueString": "Patient,Observation"},
        ],
    }
    assert exported(caller, "Group/both/$export", body) == OF_BEA
    assert exported(caller, "Patient/$export", body) == OF_BEA
    body["parameter"][0] = {"name": "patient", "valueReference": {"reference": "Patient/cia"}}  # type: ignore[index]
    response: Any = caller("POST", "Group/both/$export", json.dumps(body), prefer="respond-async")
    assert "Patient/cia" in refused(response, 400)


def test_elements_are_left_out_and_the_rest_is_tagged(service: Service) -> None:
    caller = service()
    path = "$export?_type=Patient,Observation&_elements=Patient.gender,id"
    found = lines_of(caller, finished(caller, kick_off(caller, path))["output"])
    ada = next(one for one in found if one["id"] == "ada")
    weight = next(one for one in found if one["id"] == "ada-one")
    assert set(ada) == {"resourceType", "id", "meta", "gender"}
    assert set(weight) == {"resourceType", "id", "meta", "status", "code"}
    assert ada["meta"]["tag"][-1]["code"] == "SUBSETTED"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$export", {"Observation/ada-one", "Observation/cia-one", "Patient/dot", "Organization/stranger"}),
        ("Patient/$export", {"Observation/ada-one", "Observation/cia-one", "Patient/dot"}),
        ("Group/both/$export", {"Observation/ada-one"}),
    ],
)
def test_what_was_deleted_since_is_told_in_bundles(
    full: Caller, service: Service, path: str, expected: set[str]
) -> None:
    caller = service()
    since = finished(caller, kick_off(caller, "$export?_type=Group"))["transactionTime"]
    for address in ("Observation/ada-one", "Observation/cia-one", "Patient/dot", "Organization/stranger"):
        response: Any = full("DELETE", address)
        assert response.status_code == 204
    kicked = kick_off(caller, f"{path}?_since={since.replace('+', '%2B')}")
    manifest = finished(caller, kicked)
    bundles = lines_of(caller, manifest["deleted"])
    requests = [entry["request"] for bundle in bundles for entry in bundle["entry"]]
    assert {bundle["type"] for bundle in bundles} == {"transaction"}
    assert {one["method"] for one in requests} == {"DELETE"}
    assert {one["url"] for one in requests} == expected
    kept = {f"{one['resourceType']}/{one['id']}" for one in lines_of(caller, manifest["output"])}
    assert not kept & expected


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("$export?_outputFormat=text/csv", 400, "_outputFormat"),
        ("$export?_since=soon", 400, "_since"),
        ("$export?_since=2999-01-01T00:00:00Z", 400, "future"),
        ("$export?_type=Pation", 400, "Pation"),
        ("Patient/$export?_type=Medication,ValueSet", 400, "ValueSet"),
        ("$export?_typeFilter=status%3Dfinal", 400, "_typeFilter"),
        ("$export?_typeFilter=Patient%3F_include%3DPatient:link", 400, "_include"),
        ("$export?_typeFilter=Patient%3Fhat%3Dred", 400, "hat"),
        ("$export?includeAssociatedData=LatestProvenanceResources", 400, "includeAssociatedData"),
        ("Patient/$export?patient=Patient/ada", 400, "POST"),
        ("Group/none/$export", 404, "none"),
        ("$export?_type=Observation", 403, "Observation.r"),
    ],
)
def test_what_cannot_be_exported_is_refused_at_once(
    service: Service, path: str, status: int, said: str
) -> None:
    scope = "system/Patient.read" if status == 403 else "system/*.read"
    assert said in refused(service(scope)("GET", path, prefer="respond-async"), status)


def test_a_lenient_client_has_ignored_what_cannot_be_done_and_is_told(service: Service) -> None:
    caller = service()
    path = "Patient/$export?_type=Patient,ValueSet&includeAssociatedData=LatestProvenanceResources&organizeOutputBy=Patient"
    manifest = finished(caller, kick_off(caller, path, prefer="respond-async, handling=lenient"))
    assert len(lines_of(caller, manifest["output"])) == 4
    told = json.dumps(lines_of(caller, manifest["error"]))
    for name in ("ValueSet", "includeAssociatedData", "organizeOutputBy"):
        assert name in told


@pytest.mark.parametrize(
    "query", ["Patient%3Fstatus%3Dactive", "Patient%3F_count%3D5", "Patient%3Fbirthdate%3Dsoon"]
)
def test_a_lenient_client_has_a_search_ignored_that_cannot_be_done(service: Service, query: str) -> None:
    caller, path = service(), f"$export?_type=Patient&_typeFilter={query}"
    refused(caller("GET", path, prefer="respond-async"), 400)
    manifest = finished(caller, kick_off(caller, path, prefer="respond-async,handling=lenient"))
    assert len(lines_of(caller, manifest["output"])) == 4
    assert "_typeFilter" in json.dumps(lines_of(caller, manifest["error"]))


def test_members_of_a_group_may_be_named_by_the_whole_address(full: Caller, service: Service) -> None:
    base = json.loads(body_of(full("GET", "metadata")))["implementation"]["url"]
    group = {"resourceType": "Group", "id": "whole", "type": "person", "actual": True,
             "member": [{"entity": {"reference": f"{base}/Patient/ada"}}, {"entity": {"reference": "Patient/bea/_history/1"}},
                        {"entity": {"reference": "https://elsewhere.example.org/Patient/cia"}}]}  # fmt: skip
    assert full("PUT", "Group/whole", json.dumps(group)).status_code == 201
    assert exported(service(), "Group/whole/$export?_type=Patient") == {"Patient/ada", "Patient/bea"}


def test_an_attachment_that_is_stored_here_is_told_by_its_whole_address(
    full: Caller, service: Service
) -> None:
    document = {"resourceType": "DocumentReference", "id": "doc", "status": "current", "subject": {"reference": "Patient/ada"},
                "content": [{"attachment": {"contentType": "text/plain", "url": "Binary/text"}}]}  # fmt: skip
    assert full("PUT", "DocumentReference/doc", json.dumps(document)).status_code == 201
    caller = service()
    manifest = finished(caller, kick_off(caller, "Patient/$export?_type=DocumentReference"))
    [told] = lines_of(caller, manifest["output"])
    url = told["content"][0]["attachment"]["url"]
    assert url.startswith("http")
    assert url.endswith("/r4/Binary/text")


def test_narrow_scopes_export_only_what_they_cover(service: Service) -> None:
    caller = service("system/Patient.read system/Observation.read")
    assert {one.partition("/")[0] for one in exported(caller, "Patient/$export")} == {
        "Patient",
        "Observation",
    }
