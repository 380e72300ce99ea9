"""HEAD, compression, cross-origin requests, limits: what the door adds to the engine's answers."""

import gzip
import json
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from pytest_django import Settings

from deployments.models import Deployment
from deployments.sizes import get_size
from fhirserver.http import FhirResponse
from gateway.inbound import MalformedRequest, read_inbound
from gateway.limits import concurrency
from gateway.recorder import recorder
from gateway.sending import CountedBody, prepare
from tests.gateway.conftest import Caller

ORIGIN = "https://app.example"


def test_head_has_the_headers_of_get_and_no_body(full: Caller) -> None:
    got, head = full("GET", "metadata"), full("HEAD", "metadata")
    assert head.content == b""
    assert head.status_code == got.status_code
    assert head["Content-Type"] == got["Content-Type"]


def test_large_answers_are_compressed_on_request(full: Caller) -> None:
    plain = full("GET", "metadata")
    packed = full("GET", "metadata", accept_encoding="gzip, deflate, br")
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert json.loads(gzip.decompress(packed.content))["resourceType"] == "CapabilityStatement"
    assert len(packed.content) < len(plain.content) / 3


@pytest.mark.parametrize(
    "accepted", ["gzip;q=0.5", "GZIP", "x-gzip", "*", "br;q=1.0, *;q=0.5", "gzip;q=0.001"]
)
def test_gzip_is_understood_however_it_is_asked_for(full: Caller, accepted: str) -> None:
    assert full("GET", "metadata", accept_encoding=accepted)["Content-Encoding"] == "gzip"


def test_the_clients_own_name_of_a_request_comes_back_beside_ours(full: Caller) -> None:
    answer = full("GET", "metadata", x_request_id="mine-1")
    assert answer["X-Correlation-Id"] == "mine-1"
    assert answer["X-Request-Id"] not in ("", "mine-1")
    assert "X-Correlation-Id" not in full("GET", "metadata").headers


@pytest.mark.parametrize("accepted", ["", "br", "identity"])
def test_answers_stay_plain_for_those_who_ask_for_no_gzip(full: Caller, accepted: str) -> None:
    assert "Content-Encoding" not in full("GET", "metadata", accept_encoding=accepted).headers


@pytest.mark.parametrize("accepted", ["gzip;q=0", "gzip;q=0.0", "*;q=0", "*, gzip;q=0", "br;q=1"])
def test_gzip_that_is_ruled_out_is_not_sent(accepted: str) -> None:
    """Asked of the door itself: requests of these tests pass a middleware that compresses too."""
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/fhir/aaaaaaaaaaaa/r4/Patient"}
    request = read_inbound({**environ, "HTTP_ACCEPT_ENCODING": accepted})
    assert request is not None
    headers, body = prepare(request, FhirResponse(200, {"Content-Type": "text/plain"}, b"x" * 5000))
    assert body == b"x" * 5000
    assert "Content-Encoding" not in dict(headers)


def test_letters_beyond_ascii_arrive_as_they_were_typed() -> None:
    """`curl …?name=Müller` sends the bytes as they are; PEP 3333 shows them in Latin-1."""
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/fhir/aaaaaaaaaaaa/r4/Patient"}
    typed = "name=Müller&given=M%C3%BCller+x".encode().decode("latin-1")
    request = read_inbound({**environ, "QUERY_STRING": typed, "HTTP_IF_NONE_EXIST": typed})
    assert request is not None
    assert request.query() == [("name", "Müller"), ("given", "Müller x")]
    assert request.query_string == "name=M%C3%BCller&given=M%C3%BCller+x"
    assert request.headers["if-none-exist"] == "name=Müller&given=M%C3%BCller+x"
    latin = read_inbound(
        {**environ, "QUERY_STRING": "name=M\xfcller", "HTTP_IF_NONE_EXIST": "name=M\xfcller"}
    )
    assert latin is not None
    assert latin.headers["if-none-exist"] == "name=Müller"
    with pytest.raises(MalformedRequest, match="not UTF-8"):
        latin.query()


def test_streams_are_compressed_part_by_part() -> None:
    request = read_inbound(
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/fhir/aaaaaaaaaaaa/r4/Patient",
            "HTTP_ACCEPT_ENCODING": "gzip",
        }
    )
    assert request is not None
    read: list[int] = []

    def rows() -> Iterator[bytes]:
        for number in range(3):
            read.append(number)
            yield b"row" * 100

    headers, body = prepare(request, FhirResponse(200, {}, rows()))
    assert isinstance(body, Iterator)
    first = next(body)
    assert read == [0]
    assert gzip.decompress(first + b"".join(body)) == b"row" * 300
    assert ("Content-Encoding", "gzip") in headers


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=1", "a\nb", "a\x00b", "a\x7f"])
def test_no_header_value_can_start_another_header(value: str) -> None:
    request = read_inbound({"REQUEST_METHOD": "GET", "PATH_INFO": "/fhir/aaaaaaaaaaaa/r4/Patient"})
    assert request is not None
    headers, _ = prepare(request, FhirResponse(200, {"Location": value}))
    assert all(text.isprintable() for _, text in headers)


def test_a_client_that_goes_away_frees_its_place_and_ends_the_query() -> None:
    ended: list[str] = []

    def rows() -> Iterator[bytes]:
        try:
            yield b"one"
            yield b"two"
        finally:
            ended.append("query")

    body = CountedBody(rows(), lambda sent, whole: ended.append(f"{sent} {whole}"))
    next(body)
    body.close()
    body.close()
    assert ended == ["query", "3 False"]


def test_preflight_lets_allowed_origins_only(full: Caller, settings: Settings) -> None:
    settings.FHIR_CORS_ORIGINS = [ORIGIN]
    asked = {"origin": ORIGIN, "access_control_request_method": "GET"}
    allowed = full("OPTIONS", "Patient", **asked)
    assert allowed.status_code == 204
    assert allowed["Access-Control-Allow-Origin"] == ORIGIN
    assert "authorization" in allowed["Access-Control-Allow-Headers"]
    refused = full("OPTIONS", "Patient", **asked | {"origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_answers_to_allowed_origins_can_be_read_also_when_refused(nobody: Caller, settings: Settings) -> None:
    settings.FHIR_CORS_ORIGINS = [ORIGIN]
    response = nobody("GET", "Patient", origin=ORIGIN)
    assert response.status_code == 401
    assert response["Access-Control-Allow-Origin"] == ORIGIN
    assert "Origin" in response["Vary"]
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_metadata_may_be_read_from_any_origin(nobody: Caller) -> None:
    assert nobody("GET", "metadata", origin="https://any.example")["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in nobody("GET", "Patient", origin="https://any.example").headers


def test_more_requests_a_second_than_the_size_allows_are_throttled(
    full: Caller, deployment: Deployment
) -> None:
    Deployment.objects.filter(pk=deployment.pk).update(size="xs")
    allowed = get_size("xs").requests_per_second
    statuses = [full("GET", "Patient/none").status_code for _ in range(allowed * 3)]
    assert 429 in statuses
    refused = next(r for r in iter(lambda: full("GET", "Patient/none"), None) if r.status_code == 429)
    assert refused["Retry-After"] == "1"
    assert json.loads(refused.content)["issue"][0]["code"] == "throttled"


def test_strangers_cannot_use_up_a_deployments_requests(
    full: Caller, nobody: Caller, deployment: Deployment
) -> None:
    Deployment.objects.filter(pk=deployment.pk).update(size="xs")
    statuses = [nobody("GET", "Patient").status_code for _ in range(get_size("xs").requests_per_second * 3)]
    assert 429 in statuses
    assert full("GET", "Patient/_history").status_code == 200


def test_more_requests_at_once_than_the_size_allows_are_throttled(
    full: Caller, deployment: Deployment
) -> None:
    limit = get_size(deployment.size).concurrent_requests
    for _ in range(limit):
        assert concurrency.enter(deployment.pk, limit)
    assert full("GET", "Patient").status_code == 429
    for _ in range(limit):
        concurrency.leave(deployment.pk)
    assert full("GET", "Patient/_history").status_code == 200
    assert concurrency.under_way(deployment.pk) == 0


def test_streamed_answers_pass_through_the_test_client_too(full: Caller) -> None:
    response = full("GET", "Patient/_history")
    body = b"".join(response) if isinstance(response, StreamingHttpResponse) else response.content
    assert json.loads(body)["resourceType"] == "Bundle"


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "Patient", 401), ("TRACE", "Patient", 405)])
def test_errors_of_the_door_come_in_xml_too(nobody: Caller, method: str, path: str, status: int) -> None:
    for asked in ({"accept": "application/fhir+xml"}, {}):
        response = nobody(method, path if asked else f"{path}?_format=xml", **asked)
        assert response.status_code == status
        assert response["Content-Type"].startswith("application/fhir+xml")
        assert b"<OperationOutcome" in response.content


@pytest.mark.parametrize(
    "address", ["Patient?name=a%00", "Patient/a%00b", "Patient?_format=%00", "%00", "$export?_typeFilter=Patient%3Fname%3D%2500"]
)  # fmt: skip
def test_nul_is_refused_and_logged(full: Caller, address: str) -> None:
    answered = full("GET", address, prefer="respond-async")
    assert answered.status_code == 400
    assert answered.json()["resourceType"] == "OperationOutcome"
    assert "NUL" in answered.content.decode()
    assert recorder.flush() == 1


@pytest.mark.parametrize(
    ("method", "path", "media_type"),
    [
        ("PUT", "Binary/notes", "text/plain"),
        ("PUT", "Binary/notes", "application/json"),
        ("POST", "Binary", "image/png"),
        ("POST", "Binary", ""),
    ],
)
def test_content_that_could_be_cut_off_unseen_needs_its_length(
    full: Caller, method: str, path: str, media_type: str
) -> None:
    """Of a body in pieces the end and a lost connection look alike."""
    pieces = {"transfer_encoding": "chunked", "content_length": ""}
    answer: Any = full(method, path, b"a", content_type=media_type, **pieces)
    assert answer.status_code == 411
    assert "Content-Length" in json.loads(answer.content)["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    ("method", "path", "media_type"),
    [
        ("PUT", "Binary/notes", "application/fhir+json; charset=utf-8"),
        ("POST", "Binary/_search", "application/x-www-form-urlencoded"),
        ("POST", "Patient", "application/fhir+xml"),
    ],
)
def test_resources_and_forms_may_come_in_pieces(method: str, path: str, media_type: str) -> None:
    """Asked of the door itself: the test client has no such bodies."""
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": f"/fhir/aaaaaaaaaaaa/r4/{path}",
        "CONTENT_TYPE": media_type,
    }
    request = read_inbound({**environ, "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": BytesIO(b"a=b")})
    assert request is not None
    assert request.body() == b"a=b"
