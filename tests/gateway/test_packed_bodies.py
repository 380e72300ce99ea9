"""Bodies that come as gzip: what they unpack to counts, by the deployment's own limit. https://hl7.org/fhir/R4/http.html#compression"""

import gzip
import json
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from deployments.models import Deployment
from deployments.services import change_limits
from gateway.inbound import BodyTooLarge, Inbound, MalformedRequest, UnknownEncoding, read_inbound
from portal.models import User
from tests.gateway.conftest import Caller

pytestmark = pytest.mark.django_db(databases="__all__")
LIMIT = 1000
PATIENT = b'{"resourceType": "Patient", "id": "p1", "gender": "female"}'
PDF = b"%PDF-1.7 \x00\xff\xfe \r\n"
# Method, path, media type and body of each way in.
WAYS = {
    "JSON": ("POST", "Patient", "application/fhir+json", PATIENT),
    "XML": ("PUT", "Patient/p2", "application/fhir+xml", b'<Patient xmlns="http://hl7.org/fhir"><id value="p2"/></Patient>'),
    "a Bundle": ("POST", "", "application/fhir+json", b'{"resourceType": "Bundle", "type": "transaction"}'),
    "a patch": ("PATCH", "Patient/p1", "application/merge-patch+json", b'{"gender": "other"}'),
    "a form": ("POST", "Patient/_search", "application/x-www-form-urlencoded", b"gender=female&name="),
    "parameters": ("POST", "Patient/$validate", "application/fhir+json", PATIENT),
    "a kick-off": ("POST", "$export", "application/fhir+json", b'{"resourceType": "Parameters"}'),
    "content": ("PUT", "Binary/b", "application/pdf", PDF),
}  # fmt: skip


@pytest.fixture
def region() -> str:
    return "region_local"


@pytest.fixture
def limited(full: Caller, deployment: Deployment, alice: User) -> Caller:
    change_limits(deployment, None, LIMIT, by=alice)
    full("PUT", "Patient/p1", PATIENT)
    return full


def send(caller: Caller, way: str, body: bytes, encoding: str = "gzip") -> Any:
    method, path, kind, _ = WAYS[way]
    return caller(method, path, body, content_type=kind, content_encoding=encoding, prefer="respond-async")


@pytest.mark.parametrize("way", WAYS)
def test_what_unpacks_to_more_than_the_deployment_takes_is_refused_by_the_name_of_the_limit(
    way: str, limited: Caller
) -> None:
    body = WAYS[way][-1]
    assert send(limited, way, gzip.compress(body)).status_code in (200, 201, 202)
    refused = send(limited, way, gzip.compress(body.ljust(LIMIT + 1)))
    assert refused.status_code == 413
    said = json.loads(refused.content)["issue"][0]
    assert said["code"] == "too-long"
    assert "unpacked body is larger than the 1,000 bytes" in said["diagnostics"]
    assert "this deployment takes (Settings, Limits)" in said["diagnostics"]


def test_the_limit_of_the_installation_holds_unpacked_too(full: Caller, settings: Settings) -> None:
    settings.FHIR_MAX_BODY_BYTES = LIMIT
    assert send(full, "JSON", gzip.compress(PATIENT.ljust(LIMIT))).status_code == 201
    refused = send(full, "JSON", gzip.compress(b" " * 50_000_000))
    assert refused.status_code == 413
    assert "FHIR_MAX_BODY_BYTES" in refused.content.decode()


def test_a_packed_body_is_read(full: Caller) -> None:
    created = send(full, "JSON", gzip.compress(PATIENT), "x-gzip")
    assert json.loads(created.content)["gender"] == "female"
    send(full, "content", gzip.compress(PDF))
    assert full("GET", "Binary/b").content == PDF  # type: ignore[attr-defined]
    refused = send(full, "JSON", gzip.compress(PATIENT), "br")
    assert refused.status_code == 415
    assert json.loads(refused.content)["issue"][0]["code"] == "not-supported"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda packed: packed[:-9], "cut off"),
        (lambda packed: packed[:-4], "cut off"),
        (lambda packed: packed[:-4] + b"size", "not valid gzip"),
        (lambda packed: packed + packed, "one gzip member"),
        (lambda packed: packed + b"more", "one gzip member"),
        (lambda packed: b"plain", "not valid gzip"),
    ],
)
def test_a_damaged_gzip_is_400_and_stores_nothing(
    full: Caller, spoil: Callable[[bytes], bytes], said: str
) -> None:
    refused = send(full, "JSON", spoil(gzip.compress(PATIENT)))
    assert refused.status_code == 400
    assert said in json.loads(refused.content)["issue"][0]["diagnostics"]
    assert json.loads(full("GET", "Patient").content)["total"] == 0  # type: ignore[attr-defined]


@given(
    st.text(st.characters(max_codepoint=255))
    | st.sampled_from(("gzip", "GZIP", " x-gzip", "identity", "br")),
    st.binary() | st.binary(max_size=100).map(gzip.compress),
)
def test_no_encoding_breaks_a_body(encoding: str, body: bytes) -> None:
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/fhir/{'a' * 12}/r4/Patient",
        "HTTP_CONTENT_ENCODING": encoding,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }
    request = read_inbound(environ)
    assert isinstance(request, Inbound)
    with suppress(BodyTooLarge, MalformedRequest, UnknownEncoding):
        request.body()
