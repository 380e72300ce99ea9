"""A connected server that answers what no server should: the caller gets a clear OperationOutcome, and never its secrets."""

import json

import pytest
from django.conf import settings as conf_settings

from deployments.models import Deployment
from gateway.endpoints import endpoints
from tests.gateway.conftest import Caller
from tests.gateway.connected.speaking import (
    caller_of_nobody,
    content,
    diagnostics,
    diagnostics_of,
)
from tests.scripted_server import JSON, Says, Scripted

pytestmark = pytest.mark.django_db(databases="__all__")


HTML = Says(b"<html>their-secret page</html>", 503, "text/html", {"Retry-After": "7"})


@pytest.mark.parametrize(
    ("says", "status", "words"),
    [
        (Says(b"no", 401, "text/plain", {"WWW-Authenticate": "Bearer"}), 502, "refused the credential"),
        (HTML, 503, "answered 503 with text/html"),
        (Says(b"gone", 410, "text/plain"), 410, "answered 410"),
        (Says(b"", 404, ""), 404, "answered 404 with nothing"),
        (Says(b"", 302, headers={"Location": "http://169.254.169.254/"}), 502, "another server"),
        (Says(b"", 301, headers={"Location": "//evil.example/fhir"}), 502, "another server"),
    ],
)
def test_what_is_no_answer_of_a_fhir_server_becomes_an_outcome(
    caller: Caller, upstream: Scripted, says: Says, status: int, words: str
) -> None:
    upstream.otherwise = says
    answer = caller("GET", "Patient/1")
    told = content(answer).decode()
    assert answer.status_code == status
    assert words in diagnostics_of(told)
    assert "their-secret" not in told + str(answer.headers)
    assert answer.headers.get("Retry-After") == says.headers.get("Retry-After")


def test_a_page_of_the_server_is_no_page_of_ours(caller: Caller, upstream: Scripted) -> None:
    """Whoever connects a server decides what it answers: no script of it may run under our address."""
    upstream.otherwise = Says(b"<script>alert(1)</script>", media_type="text/html")
    for path in ("Patient/1", "Binary/1"):
        answer = caller("GET", path)
        content(answer)
        assert answer["Content-Security-Policy"].startswith("sandbox")
    answer = caller_of_nobody(caller)("GET", "metadata")
    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (502, JSON)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b'{"resourceType":"Patient"}', b'{"resourceType":"CapabilityStatement","rest":7}',
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><CapabilityStatement>&e;</CapabilityStatement>',
        b'{"resourceType":"CapabilityStatement","rest":[1,{"mode":"server"}],"implementation":[]}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_a_statement_that_is_none_is_said_to_be_none(caller: Caller, upstream: Scripted, body: bytes) -> None:
    upstream.says["metadata"] = Says(body, media_type="application/json")
    answer = caller_of_nobody(caller)("GET", "metadata")
    assert answer.status_code in (200, 502)
    found = json.loads(content(answer))
    assert found["resourceType"] == (
        "CapabilityStatement" if answer.status_code == 200 else "OperationOutcome"
    )


def test_a_server_that_is_down_is_502_and_serves_again_when_it_is_back(
    caller: Caller, upstream: Scripted
) -> None:
    port = int(upstream.base.split(":")[2].partition("/")[0])
    Deployment.objects.update(upstream="http://127.0.0.1:1/fhir")
    endpoints.forget_all()
    down = caller("GET", "Patient/1")
    assert (down.status_code, down["Retry-After"]) == (502, "5")
    assert "cannot be reached" in diagnostics(down)
    Deployment.objects.update(upstream=f"http://127.0.0.1:{port}/fhir")
    endpoints.forget_all()
    back = caller("GET", "Patient/1")
    assert (back.status_code, bool(content(back))) == (200, True)


def test_an_answer_that_breaks_off_is_not_taken_for_a_whole_one(caller: Caller, upstream: Scripted) -> None:
    upstream.says["Patient/1"] = Says(b'{"resourceType":"Patient"', cut=True)
    answer = caller("GET", "Patient/1")
    with pytest.raises(Exception, match="complete message body"):
        content(answer)


def test_a_server_that_answers_slowly_takes_half_of_the_threads_and_no_more(
    caller: Caller, upstream: Scripted
) -> None:
    places = max(1, conf_settings.WEB_THREADS // 2)
    under_way = [caller("GET", "Patient/1") for _ in range(places)]
    refused = caller("GET", "Patient/1")
    assert (refused.status_code, refused["Retry-After"]) == (503, "5")
    assert "slow" in diagnostics(refused)
    for answer in under_way:
        content(answer)
    after = caller("GET", "Patient/1")
    assert (after.status_code, bool(content(after))) == (200, True)


def test_a_credential_that_cannot_be_read_any_more_is_said_to_be_so(caller: Caller) -> None:
    Deployment.objects.update(upstream_credential="broken")
    endpoints.forget_all()
    refused = caller("GET", "Patient/1")
    assert refused.status_code == 502
    assert "cannot be read any more" in diagnostics(refused)
