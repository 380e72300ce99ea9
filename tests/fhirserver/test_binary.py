"""A Binary under its own media type, out and in, and what stays FHIR. https://hl7.org/fhir/R4/binary.html#rest"""

from base64 import b64encode
from typing import Any

import pytest

from tests.fhirserver.bundles import entry, transaction
from tests.fhirserver.client import Answered, Client

PDF = b"%PDF-1.7 \x00\xff\xfe \r\n"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


def binary(content: bytes = PDF, kind: str = "application/pdf", **more: Any) -> dict[str, Any]:
    data = b64encode(content).decode()
    return {"resourceType": "Binary", "id": "b", "contentType": kind, "data": data, **more}


@pytest.fixture
def stored(client: Client) -> Client:
    assert client.put("Binary/b", binary(securityContext={"reference": "Patient/1"})).status == 201
    return client


def kind_of(answered: Answered) -> str:
    return answered.headers["Content-Type"].partition(";")[0]


@pytest.mark.parametrize(
    "accept", ["", "*/*", "application/pdf", "application/*", BROWSER, "image/png, */*;q=0.1"]
)
@pytest.mark.parametrize("address", ["Binary/b", "Binary/b/_history/1"])
def test_the_content_comes_as_it_is(stored: Client, accept: str, address: str) -> None:
    answered = stored.get(address, **({"accept": accept} if accept else {}))
    assert (answered.status, answered.body, kind_of(answered)) == (200, PDF, "application/pdf")
    assert answered.headers["ETag"] == 'W/"1"'
    assert answered.headers["X-Security-Context"] == "Patient/1"


def test_no_content_runs_as_a_page(client: Client) -> None:
    client.put("Binary/b", binary(b"<script>alert(1)</script>", "text/html"))
    headers = client.get("Binary/b", accept=BROWSER).headers
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["Content-Disposition"] == 'attachment; filename="b.html"'
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/fhir+json", "application/fhir+json"),
        ("application/fhir+xml", "application/fhir+xml"),
        ("application/fhir+json, */*;q=0.1", "application/fhir+json"),
        ("image/png, application/fhir+xml;q=0.2", "application/fhir+xml"),
        ("application/json", "application/json"),
        ("text/xml", "text/xml"),
    ],
)
def test_who_asks_for_the_resource_gets_it(stored: Client, accept: str, kind: str) -> None:
    answered = stored.get("Binary/b", accept=accept)
    assert (answered.status, kind_of(answered)) == (200, kind)
    assert b"Binary" in answered.body


def test_a_format_or_a_part_means_the_resource(stored: Client) -> None:
    for asked in ("_format=json", "_elements=contentType", "_summary=true"):
        answered = stored.get(f"Binary/b?{asked}", accept="*/*")
        assert answered.json()["contentType"] == "application/pdf"


def test_content_that_is_json_goes_before_the_resource_as_json(client: Client) -> None:
    client.put("Binary/b", binary(b'{"a": 1.0}', "application/json"))
    assert client.get("Binary/b", accept="application/json").body == b'{"a": 1.0}'


def test_what_the_content_is_not_is_406(stored: Client) -> None:
    refused = stored.get("Binary/b", accept="image/png")
    assert (refused.status, refused.json()["resourceType"]) == (406, "OperationOutcome")
    assert stored.get("Binary/none", accept="image/png").status == 404
    assert stored.get("Binary/b", accept="image/png", if_none_match='W/"1"').status == 304


def test_lists_and_bundles_hold_the_resource(stored: Client) -> None:
    assert stored.get("Binary", accept="*/*").json()["entry"][0]["resource"]["data"]
    assert stored.get("Binary/b/_history", accept="*/*").json()["entry"][0]["resource"]["data"]
    for kind in ("batch", "transaction"):
        answered = stored.post("", transaction(entry("GET", "Binary/b"), kind=kind)).json()
        assert answered["entry"][0]["resource"]["contentType"] == "application/pdf"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PDF, "application/pdf"),
        (b"", "text/plain"),
        (b"a,b\n", "text/csv; charset=latin-1"),
        (b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>", "text/xml"),
        (b'{"resourceType":"Patient"}', "application/fhir+json"),
        (b'<Patient xmlns="http://hl7.org/fhir"/>', "application/fhir+xml"),
        (b"[1, 2]", "application/json"),
        (b"{no json", "application/json"),
    ],
)
def test_a_body_that_is_no_binary_is_the_content_of_one(client: Client, content: bytes, kind: str) -> None:
    created = client.post("Binary", content, content_type=kind, x_security_context="Patient/1")
    assert created.status == 201, created.body
    made = created.json()
    assert (made["contentType"], made["securityContext"]) == (kind, {"reference": "Patient/1"})
    assert made.get("data", "") == b64encode(content).decode()
    assert client.get(f"Binary/{made['id']}").body == content
    put = client.put("Binary/own", content, content_type=kind)
    assert (put.status, put.json()["id"]) == (201, "own")


def test_a_binary_resource_is_taken_as_one(client: Client) -> None:
    assert (
        client.post("Binary", binary(), content_type="application/json").json()["contentType"]
        == "application/pdf"
    )
    document = (
        b'<Binary xmlns="http://hl7.org/fhir"><contentType value="text/plain"/><data value="aGk="/></Binary>'
    )
    assert client.post("Binary", document, content_type="application/fhir+xml").json()["data"] == "aGk="
    assert client.post("Binary", {**binary(), "data": "?"}).status == 422


def test_what_cannot_be_meant_is_refused(client: Client) -> None:
    for body, kind, status in (
        (b'{"resourceType": "Binary",', "application/fhir+json", 400),
        (b"<Binary", "application/fhir+xml", 400),
        (b"a=b", "application/x-www-form-urlencoded", 415),
        (b"--x--", "multipart/form-data; boundary=x", 415),
        (b"x", "nonsense", 415),
    ):
        refused = client.post("Binary", body, content_type=kind)
        assert (refused.status, refused.json()["resourceType"]) == (status, "OperationOutcome")
    mismatch = entry("POST", "Binary", {"resourceType": "Patient"})
    assert (
        client.post("", transaction(mismatch, kind="batch")).json()["entry"][0]["response"]["status"][:3]
        == "400"
    )
    assert client.get("Binary?_summary=count").json()["total"] == 0


def test_new_content_leaves_labels_and_security_context(client: Client) -> None:
    label = {"system": "urn:example", "code": "secret"}
    context = {"reference": "Patient/1"}
    client.put("Binary/b", binary(meta={"security": [label]}, securityContext=context))
    changed = client.put("Binary/b", b"new", content_type="text/plain", if_match='W/"1"').json()
    assert (changed["contentType"], changed["data"]) == ("text/plain", "bmV3")
    assert (changed["meta"]["security"], changed["securityContext"]) == ([label], context)
    assert changed["meta"]["versionId"] == "2"
