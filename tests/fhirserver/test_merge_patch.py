"""JSON Merge Patch (RFC 7396) in every place where a patch works: https://hl7.org/fhir/R4/http.html#patch"""

from base64 import b64encode
from typing import Any

import pytest

from fhirserver import limits
from fhirserver.access import READ_ONLY
from fhirspec import json
from tests.fhirserver.client import Answered, Client

MERGE_PATCH = "application/merge-patch+json"
PATIENT = b"""{"resourceType":"Patient","id":"ann","language":"en","gender":"female","birthDate":"1970-03-30",
"_birthDate":{"extension":[{"url":"http://x.example/time","valueString":"08:00"}]},
"extension":[{"url":"http://x.example/weight","valueDecimal":70.50}],
"maritalStatus":{"text":"Widowed"},"name":[{"family":"Lee","given":["Ann","Bo"]}]}"""


@pytest.fixture
def ann(client: Client) -> Client:
    assert client.put("Patient/ann", PATIENT).status == 201
    return client


def merge(client: Client, body: Any, address: str = "Patient/ann", **headers: str) -> Answered:
    return client.request("PATCH", address, body, **{"content_type": MERGE_PATCH, **headers})


def binary(patch: bytes) -> dict[str, Any]:
    return {"resourceType": "Binary", "contentType": MERGE_PATCH, "data": b64encode(patch).decode()}


def bundle(kind: str, url: str, patch: bytes, **asked: str) -> dict[str, Any]:
    entry = {"resource": binary(patch), "request": {"method": "PATCH", "url": url, **asked}}
    return {"resourceType": "Bundle", "type": kind, "entry": [entry]}


def test_it_changes_what_it_names_and_leaves_the_rest_as_it_was_written(ann: Client) -> None:
    patch = b'{"gender":null,"maritalStatus":{"text":null},"multipleBirthInteger":2,"birthDate":"1970-03-31"}'
    answered = merge(ann, patch)
    assert (answered.status, answered.headers["ETag"]) == (200, 'W/"2"')
    changed = json.decode(PATIENT) | {"multipleBirthInteger": 2, "birthDate": "1970-03-31"}
    del changed["gender"], changed["maritalStatus"]
    found = ann.get("Patient/ann")
    assert {name: value for name, value in found.json().items() if name != "meta"} == changed
    assert b'"valueDecimal":70.50' in found.body
    assert ann.get("Patient?gender=female").json()["total"] == 0


def test_primitives_keep_their_extensions_and_decimals_their_text(ann: Client) -> None:
    patch = b"""{"birthDate":null,"name":[{"given":["Ann",null],"_given":[null,{"extension":[{"url":"http://x.example/u","valueCode":"masked"}]}]}],
    "extension":[{"url":"http://x.example/weight","valueDecimal":71.00}]}"""
    found = merge(ann, patch)
    assert found.status == 200
    assert b'"valueDecimal":71.00' in found.body
    assert "birthDate" not in found.json()
    assert found.json()["_birthDate"]["extension"][0]["valueString"] == "08:00"
    (name,) = found.json()["name"]
    assert (name["given"], name["_given"][0]) == (["Ann", None], None)
    assert name["_given"][1]["extension"][0]["valueCode"] == "masked"
    without = merge(ann, b'{"_birthDate":null,"birthDate":"1970"}').json()
    assert (without["birthDate"], "_birthDate" in without) == ("1970", False)


@pytest.mark.parametrize(
    ("patch", "path"),
    [
        (b'{"gender":"none"}', "Patient.gender"),
        (b'{"gender":{"code":"male"}}', "Patient.gender"),
        (b'{"name":{"family":"Lee"}}', "Patient.name"),
        (b'{"name":[]}', "Patient.name"),
        (b'{"name":[{"family":null}]}', "Patient.name[0].family"),
        (b'{"contact":[{"name":{}}]}', "Patient.contact[0].name"),
        (b'{"favourite":"tea"}', "Patient.favourite"),
        (b'{"meta":5}', "Patient.meta"),
        (b'{"language":"a\\u0000"}', "Patient.language"),
    ],
)
def test_an_outcome_that_is_not_valid_is_refused_with_its_path(ann: Client, patch: bytes, path: str) -> None:
    for answered in (
        merge(ann, patch),
        ann.post("", bundle("transaction", "Patient/ann", patch)),
    ):
        assert answered.status == 422, answered.body
        assert path in str(answered.json()["issue"][0])
    assert ann.get("Patient/ann").headers["ETag"] == 'W/"1"'


@pytest.mark.parametrize(
    ("patch", "status", "told"),
    [
        (b'{"id":"other"}', 400, "type or id"),
        (b'{"id":null}', 400, "type or id"),
        (b'{"resourceType":"Person"}', 400, "type or id"),
        (b'{"resourceType":null}', 400, "type or id"),
        (b'{"gender":"male"', 400, "not valid JSON"),
        (b"", 400, "body is empty"),
        (b'[{"op":"remove","path":"/gender"}]', 400, "Expected a JSON object, found an array"),
        (b"null", 400, "Expected a JSON object, found null"),
        (b'{"gender":"male","gender":"other"}', 400, "more than once"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, 400, "100 levels"),
        (b'{"a":[' + b"1," * limits.MAX_ELEMENTS + b"1]}", 413, "MAX_ELEMENTS"),
        (b" " * (limits.MAX_BODY_BYTES + 1), 413, "MAX_BODY_BYTES"),
    ],
    ids=range(12),
)
def test_what_is_no_patch_of_this_resource_is_refused(
    ann: Client, patch: bytes, status: int, told: str
) -> None:
    answered = merge(ann, patch)
    assert (answered.status, told in str(answered.json())) == (status, True), answered.body[:500]
    assert ann.get("Patient/ann").headers["ETag"] == 'W/"1"'


def test_headers_are_followed(ann: Client) -> None:
    male = b'{"gender":"male"}'
    assert merge(ann, male, if_match='W/"7"').status == 412
    minimal = merge(ann, male, if_match='W/"1"', prefer="return=minimal")
    assert (minimal.status, minimal.body, minimal.headers["ETag"]) == (200, b"", 'W/"2"')
    as_xml = merge(ann, male, accept="application/fhir+xml", content_type=f"{MERGE_PATCH}; charset=UTF-8")
    assert b'<gender value="male"/>' in as_xml.body
    assert merge(ann, male, accept=MERGE_PATCH).json()["gender"] == "male"
    assert merge(ann, male, content_type=f"{MERGE_PATCH}; charset=latin-1").status == 415


def test_it_needs_the_right_to_update(ann: Client) -> None:
    reader = Client(ann.partition, READ_ONLY)
    assert merge(reader, b'{"gender":"male"}').status == 403
    assert merge(ann, b'{"gender":"male"}', "Patient/none").status == 404
    ann.delete("Patient/ann")
    assert merge(ann, b'{"gender":"male"}').status == 410


def test_a_condition_names_the_resource(ann: Client) -> None:
    assert merge(ann, b'{"active":true}', "Patient?birthdate=1970-03-30").json()["active"] is True
    assert merge(ann, b'{"active":true}', "Patient?birthdate=1971").status == 404
    ann.create({"resourceType": "Patient", "birthDate": "1970-03-30"})
    assert merge(ann, b'{"active":true}', "Patient?birthdate=1970-03-30").status == 412


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_it_comes_as_a_binary_in_a_bundle(ann: Client, kind: str) -> None:
    for number, url in enumerate(("Patient/ann", "Patient?birthdate=1970-03-30"), start=2):
        patch = b'{"gender":null,"multipleBirthInteger":%d}' % number
        answered = ann.post("", bundle(kind, url, patch)).json()
        assert answered["entry"][0]["response"]["etag"] == f'W/"{number}"'
        found = ann.get("Patient/ann").json()
        assert (found["multipleBirthInteger"], "gender" in found) == (number, False)
    stale = ann.post("", bundle(kind, "Patient/ann", b"{}", ifMatch='W/"1"'))
    assert b"412" in stale.body if kind == "batch" else stale.status == 412


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"gender":"male"}', 200),
        (b'[{"op":"replace","path":"/gender","value":"male"}]', 200),
        (
            b'{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},'
            b'{"name":"path","valueString":"Patient.gender"},{"name":"value","valueCode":"male"}]}]}',
            200,
        ),
        (b'"male"', 400),
        (b"{", 400),
    ],
)
def test_plain_json_is_the_patch_that_its_body_looks_like(ann: Client, body: bytes, status: int) -> None:
    """As fhirpy sends it: https://github.com/beda-software/fhir-py"""
    answered = merge(ann, body, content_type="application/json")
    assert answered.status == status, answered.body
    assert ann.get("Patient/ann").json()["gender"] == ("male" if status == 200 else "female")


def test_a_part_of_a_resource_as_fhir_json_is_told_how_to_come(ann: Client) -> None:
    refused = merge(ann, {"resourceType": "Patient", "gender": "male"}, content_type="application/fhir+json")
    assert refused.status == 400
    assert MERGE_PATCH in refused.json()["issue"][0]["diagnostics"]
