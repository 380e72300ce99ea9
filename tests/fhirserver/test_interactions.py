"""create, read, vread, update, delete and their conditions, on every database."""

from decimal import Decimal
from typing import Any

import pytest

from fhirserver.access import READ_ONLY
from tests.fhirserver.client import BASE, Client

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "active": True,
    "name": [{"family": "Möller", "given": ["Ada"]}],
    "gender": "female",
    "birthDate": "1970-03",
    "identifier": [{"system": "urn:example", "value": "1"}],
}


def test_a_created_resource_comes_back_as_it_was_sent_with_id_and_meta(client: Client) -> None:
    answered = client.post("Patient", PATIENT)
    created = answered.json()
    assert answered.status == 201
    assert answered.headers["Location"] == f"{BASE}/Patient/{created['id']}/_history/1"
    assert answered.headers["ETag"] == 'W/"1"'
    assert {key: created[key] for key in PATIENT} == PATIENT
    read = client.get(f"Patient/{created['id']}")
    assert read.body == answered.body
    assert read.headers["Last-Modified"].endswith("GMT")


def test_decimals_keep_their_precision(client: Client) -> None:
    body = (
        b'{"resourceType":"Basic","code":{"text":"x"},"extension":[{"url":"http://a","valueDecimal":1.500}]}'
    )
    answered = client.post("Basic", body)
    assert b"1.500" in answered.body
    assert answered.json()["extension"][0]["valueDecimal"] == Decimal("1.500")


def test_update_makes_a_version_and_every_version_stays(client: Client) -> None:
    created = client.create(PATIENT)
    updated = client.put(f"Patient/{created['id']}", {**created, "gender": "other"})
    assert (updated.status, updated.headers["ETag"]) == (200, 'W/"2"')
    first = client.get(f"Patient/{created['id']}/_history/1")
    second = client.get(f"Patient/{created['id']}/_history/2")
    assert (first.json()["gender"], second.json()["gender"]) == ("female", "other")
    assert client.get(f"Patient/{created['id']}/_history/3").status == 404


def test_update_of_an_unknown_id_creates_it(client: Client) -> None:
    answered = client.put("Patient/my.own-id", {**PATIENT, "id": "my.own-id"})
    assert answered.status == 201
    assert client.get("Patient/my.own-id").status == 200


def test_update_with_another_id_in_the_body_is_refused(client: Client) -> None:
    assert client.put("Patient/a", {**PATIENT, "id": "b"}).status == 400
    assert client.put("Patient/a", PATIENT).status == 400
    assert client.put("Patient/a_b", {**PATIENT, "id": "a_b"}).status == 400


def test_update_against_an_older_version_is_refused(client: Client) -> None:
    created = client.create(PATIENT)
    address = f"Patient/{created['id']}"
    assert client.put(address, created, if_match='W/"1"').status == 200
    refused = client.put(address, created, if_match='W/"1"')
    assert refused.status == 412
    assert refused.json()["issue"][0]["code"] == "conflict"
    assert client.put(address, created, if_none_match="*").status == 412


def test_a_deleted_resource_is_gone_and_can_come_back(client: Client) -> None:
    created = client.create(PATIENT)
    address = f"Patient/{created['id']}"
    assert client.delete(address).status == 204
    gone = client.get(address)
    assert (gone.status, gone.headers["ETag"]) == (410, 'W/"2"')
    assert gone.json()["resourceType"] == "OperationOutcome"
    assert client.delete(address).status == 204
    assert client.get(f"{address}/_history/1").status == 200
    assert client.put(address, created).status == 201
    assert client.get(address).headers["ETag"] == 'W/"3"'


def test_a_client_that_has_the_version_is_told_so(client: Client) -> None:
    created = client.create(PATIENT)
    address = f"Patient/{created['id']}"
    read = client.get(address)
    assert client.get(address, if_none_match='W/"1"').status == 304
    assert client.get(address, if_none_match='W/"7"').status == 200
    assert client.get(address, if_modified_since=read.headers["Last-Modified"]).status == 304


def test_head_tells_the_headers_only(client: Client) -> None:
    created = client.create(PATIENT)
    answered = client.request("HEAD", f"Patient/{created['id']}")
    assert (answered.status, answered.body) == (200, b"")
    assert int(answered.headers["Content-Length"]) > 100


@pytest.mark.parametrize(
    ("preference", "kind"),
    [
        ("return=minimal", None),
        ("Return=Minimal", None),
        ("return=OperationOutcome", "OperationOutcome"),
        ("return=operationoutcome", "OperationOutcome"),
    ],
)
def test_prefer_chooses_what_a_write_returns(client: Client, preference: str, kind: str | None) -> None:
    answered = client.post("Patient", PATIENT, prefer=preference)
    assert answered.status == 201
    assert (answered.json()["resourceType"] if answered.body else None) == kind


def test_conditional_create_makes_only_one(client: Client) -> None:
    first = client.post("Patient", PATIENT, if_none_exist="identifier=1")
    second = client.post("Patient", PATIENT, if_none_exist="identifier=1")
    assert (first.status, second.status) == (201, 200)
    assert second.json()["id"] == first.json()["id"]
    client.create(PATIENT)
    assert client.post("Patient", PATIENT, if_none_exist="identifier=1").status == 412


def test_a_create_with_its_condition_in_the_address_makes_only_one(client: Client) -> None:
    first = client.post("Patient?identifier=1&_format=json", PATIENT)
    second = client.post("Patient?identifier=1", PATIENT)
    assert (first.status, second.status) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert client.post("Patient?_pretty=true", PATIENT).status == 201
    assert client.post("Patient?identifier=1", PATIENT).status == 412
    assert client.post("Patient?nothing=1", PATIENT).status == 400


def test_conditional_update_creates_then_updates(client: Client) -> None:
    first = client.put("Patient?identifier=1", PATIENT)
    second = client.put("Patient?identifier=1", PATIENT)
    assert (first.status, second.status) == (201, 200)
    assert second.json()["id"] == first.json()["id"]
    assert client.put("Patient?identifier=1", {**PATIENT, "id": "other"}).status == 400
    client.create(PATIENT)
    assert client.put("Patient?identifier=1", PATIENT).status == 412


def test_conditional_delete_takes_one_unless_asked_for_more(client: Client) -> None:
    client.create(PATIENT)
    client.create(PATIENT)
    assert client.delete("Patient?identifier=1").status == 412
    assert client.delete("Patient?identifier=1&_count=5").status == 204
    assert client.delete("Patient?identifier=1").status == 204
    assert client.delete("Patient").status == 412


def test_json_patch_changes_the_resource(client: Client) -> None:
    created = client.create(PATIENT)
    operations = [{"op": "replace", "path": "/gender", "value": "male"}]
    answered = client.request(
        "PATCH", f"Patient/{created['id']}", operations, content_type="application/json-patch+json"
    )
    assert (answered.status, answered.json()["gender"]) == (200, "male")
    assert answered.headers["ETag"] == 'W/"2"'


@pytest.mark.parametrize(
    ("method", "address", "body", "headers", "status"),
    [
        ("POST", "Patient", b"{", {}, 400),
        ("POST", "Patient", b"[]", {}, 400),
        ("POST", "Patient", b"{}", {}, 400),
        ("POST", "Patient", {"resourceType": "Observation"}, {}, 400),
        ("POST", "Patient", PATIENT, {"content_type": "text/plain"}, 415),
        ("GET", "Patient/none", None, {}, 404),
        ("GET", "Patent/1", None, {}, 404),
        ("GET", "Patient/1/2/3", None, {}, 404),
        ("PUT", "metadata", None, {}, 405),
        ("GET", "Patient/none", None, {"accept": "application/pdf"}, 406),
        ("GET", "metadata?_format=turtle", None, {}, 406),
        ("PATCH", "Patient/none", b"[]", {"content_type": "application/json-patch+json"}, 404),
    ],
)
def test_errors_are_operation_outcomes(
    client: Client, method: str, address: str, body: Any, headers: dict[str, str], status: int
) -> None:
    answered = client.request(method, address, body, **headers)
    assert answered.status == status
    assert answered.json()["resourceType"] == "OperationOutcome"
    assert answered.json()["issue"][0]["diagnostics"]


def test_without_a_grant_nothing_is_allowed(client: Client) -> None:
    created = client.create(PATIENT)
    stranger = Client(client.partition, None)
    for address in (f"Patient/{created['id']}", "Patient", "metadata", "_history"):
        assert stranger.get(address).status == 403


def test_a_read_only_grant_writes_nothing(client: Client) -> None:
    created = client.create(PATIENT)
    reader = Client(client.partition, READ_ONLY)
    address = f"Patient/{created['id']}"
    assert reader.get(address).status == 200
    assert reader.post("Patient", PATIENT).status == 403
    assert reader.put(address, created).status == 403
    assert reader.put("Patient/new", {**PATIENT, "id": "new"}).status == 403
    assert reader.delete(address).status == 403
    assert client.get(address).headers["ETag"] == 'W/"1"'


def test_only_the_asked_elements_come_and_are_tagged(client: Client) -> None:
    created = client.create(PATIENT)
    part = client.get(f"Patient/{created['id']}?_elements=gender").json()
    assert set(part) == {"resourceType", "id", "meta", "gender"}
    assert part["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert "text" not in client.get(f"Patient/{created['id']}?_summary=data").json()


def test_pretty_is_indented_and_gzip_is_packed(client: Client) -> None:
    created = client.create({**PATIENT, "name": [{"family": "x" * 2000}]})
    address = f"Patient/{created['id']}"
    assert b'\n  "id"' in client.get(f"{address}?_pretty=true").body
    packed = client.get(address, accept_encoding="gzip")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.body) < 500


def test_another_partition_does_not_see_it(client: Client) -> None:
    from fhirserver.partitions import reserve

    created = client.create(PATIENT)
    neighbour = Client(reserve(client.partition.region))
    assert neighbour.get(f"Patient/{created['id']}").status == 404
    assert neighbour.get("_history").json().get("entry") is None
    assert neighbour.delete(f"Patient/{created['id']}").status == 204
    assert client.get(f"Patient/{created['id']}").status == 200


def test_fhirpath_patch_changes_the_resource(client: Client) -> None:
    created = client.create(PATIENT)
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Patient.gender"},
        {"name": "value", "valueCode": "male"},
    ]
    patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    answered = client.request("PATCH", f"Patient/{created['id']}", patch)
    assert (answered.status, answered.json()["gender"]) == (200, "male")


def test_a_patch_that_makes_the_resource_invalid_is_refused(client: Client) -> None:
    created = client.create(PATIENT)
    address = f"Patient/{created['id']}"
    for operation, status in (
        ({"op": "replace", "path": "/gender", "value": "x"}, 422),
        ({"op": "remove", "path": "/nothing"}, 422),
        ({"op": "replace", "path": "/id", "value": "other"}, 400),
    ):
        answered = client.request("PATCH", address, [operation], content_type="application/json-patch+json")
        assert answered.status == status, operation
    assert client.get(address).headers["ETag"] == 'W/"1"'


def test_xml_goes_in_and_comes_out(client: Client) -> None:
    body = b'<Patient xmlns="http://hl7.org/fhir"><active value="true"/><gender value="female"/></Patient>'
    answered = client.post(
        "Patient", body, content_type="application/fhir+xml", accept="application/fhir+xml"
    )
    assert answered.status == 201
    assert answered.headers["Content-Type"].startswith("application/fhir+xml")
    assert b'<gender value="female"/>' in answered.body
    assert client.post("Patient", b"<Patient", content_type="application/fhir+xml").status == 400
    entity = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Patient xmlns="http://hl7.org/fhir"/>'
    assert client.post("Patient", entity, content_type="application/fhir+xml").status == 400


def test_a_patch_whose_result_could_not_be_read_again_is_refused(client: Client) -> None:
    inner: dict[str, Any] = {"url": "http://x.example", "valueString": "x"}
    for _ in range(40):
        inner = {"url": "http://x.example", "extension": [inner]}
    created = client.create({"resourceType": "Patient", "extension": [inner]})
    address, deepest = f"Patient/{created['id']}", "/extension/0" * 41
    operations = [
        {"op": "remove", "path": f"{deepest}/valueString"},
        {"op": "add", "path": f"{deepest}/extension", "value": [inner]},
    ]
    patched = client.request("PATCH", address, operations, content_type="application/json-patch+json")
    assert patched.status == 422
    assert "100 levels" in patched.json()["issue"][0]["diagnostics"]
    assert client.get(address, accept="application/fhir+xml").status == 200
