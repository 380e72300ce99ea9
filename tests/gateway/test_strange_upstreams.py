"""A connected server that answers what no server should: the caller gets a clear OperationOutcome, and never its secrets."""

import gzip
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as conf_settings
from pytest_django import Settings

from credentials.access import FULL
from deployments.models import Deployment, State
from deployments.upstream import check_health
from deployments.upstream_credentials import seal_basic, seal_client, seal_header
from fhirspec.xml import to_xml
from gateway.endpoints import endpoints
from gateway.models import RequestLog
from gateway.recorder import recorder
from tests.gateway.conftest import Caller, caller_of
from tests.scripted_server import JSON, Says, Scripted, scripted_server

pytestmark = pytest.mark.django_db(databases="__all__")
SECRET = "Bearer their-secret"
STATEMENT: dict[str, Any] = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "software": {"name": "HAPI FHIR Server", "version": "6.10"},
    "implementation": {"url": "https://inside.example/fhir"},
    "rest": [{"mode": "server", "security": {"description": "theirs"}, "resource": [{"type": "Patient"}]}],
}


@pytest.fixture
def upstream() -> Iterator[Scripted]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def connected(deployment: Deployment, upstream: Scripted, settings: Settings) -> Deployment:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    return Deployment.objects.create(
        tenant=deployment.tenant,
        name="Connected",
        size="xl",
        region=deployment.region,
        state=State.RUNNING,
        upstream=upstream.base,
        upstream_credential=seal_header(f"Authorization: {SECRET}"),
    )


@pytest.fixture
def region() -> str:
    return "region_local"


@pytest.fixture
def caller(connected: Deployment) -> Caller:
    return caller_of(connected, FULL)


def public_base(caller: Caller) -> str:
    return f"{conf_settings.PUBLIC_URL}{caller.base}"


def content(response: Any) -> bytes:
    return b"".join(response) if response.streaming else bytes(response.content)


def diagnostics(response: Any) -> str:
    return str(json.loads(content(response))["issue"][0]["diagnostics"])


def test_every_part_of_a_request_arrives(caller: Caller, upstream: Scripted) -> None:
    sent = {
        "accept": "application/fhir+json",
        "prefer": "return=minimal, respond-async",
        "if_match": 'W/"3"',
        "if_none_match": 'W/"2"',
        "if_modified_since": "Sat, 01 Jan 2022 00:00:00 GMT",
        "if_none_exist": "identifier=a|b",
        "x_request_id": "trace-1",
        "cookie": "sessionid=ours",
        "x_forwarded_for": "10.0.0.1",
    }
    content(caller("PUT", "Patient/1?x=%C3%A9", '{"resourceType":"Patient","id":"1"}', **sent))
    came = upstream.last
    assert (came.method, came.path, came.query) == ("PUT", "Patient/1", "x=%C3%A9")
    assert came.body == b'{"resourceType":"Patient","id":"1"}'
    for name in (
        "accept",
        "prefer",
        "if-match",
        "if-none-match",
        "if-modified-since",
        "if-none-exist",
        "x-request-id",
    ):
        assert came.headers[name] == sent[name.replace("-", "_")], name
    assert came.headers["authorization"] == SECRET
    assert not {"x-api-key", "cookie", "x-forwarded-for"} & came.headers.keys()
    assert caller.key not in str(came)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "Patient"), ("GET", "Patient/1/_history/2"), ("GET", "_history"), ("POST", "Patient/_search"),
        ("POST", "Patient"), ("PATCH", "Patient/1"), ("DELETE", "Patient/1"), ("POST", ""), ("GET", "Patient/$match"),
        ("POST", "$process-message"), ("GET", "Patient/1/Observation"), ("DELETE", "Patient"),
    ],
)  # fmt: skip
def test_every_interaction_is_sent_on(caller: Caller, upstream: Scripted, method: str, path: str) -> None:
    body = {"Patient/_search": "name=x"}.get(path, '{"a":1}') if method in ("POST", "PATCH") else None
    kind = "application/x-www-form-urlencoded" if "_search" in path else "application/json-patch+json"
    response = caller(method, path, body, content_type=kind)
    assert response.status_code == 200
    content(response)
    assert (upstream.last.method, upstream.last.path) == (method, path)
    assert upstream.last.body.decode() == (body or "")
    recorder.flush()
    assert RequestLog.objects.latest("pk").interaction


def test_bodies_that_are_no_fhir_pass_byte_for_byte(caller: Caller, upstream: Scripted) -> None:
    raw = bytes(range(256)) * 40 + f'"url":"{upstream.base}/x"'.encode()
    upstream.says["Binary/1"] = Says(raw, media_type="application/pdf")
    answer = caller("GET", "Binary/1")
    assert (answer["Content-Type"], content(answer)) == ("application/pdf", raw)
    ours = f'"url":"{public_base(caller)}/x"'.encode() + raw
    content(caller("POST", "Binary", ours, content_type="application/octet-stream"))
    assert upstream.last.body == ours


def test_packed_and_chunked_answers_are_unpacked_and_readdressed(caller: Caller, upstream: Scripted) -> None:
    text = f'{{"resourceType":"Bundle","link":[{{"relation":"next","url":"{upstream.base}?_getpages=7"}}]}}'
    packed = gzip.compress(text.encode())
    upstream.says["Patient"] = Says(
        lambda: iter([packed[:20], packed[20:]]), headers={"Content-Encoding": "gzip"}
    )
    found = json.loads(content(caller("GET", "Patient")))
    assert found["link"][0]["url"] == f"{public_base(caller)}?_getpages=7"
    content(caller("GET", "?_getpages=7"))
    assert (upstream.last.path, upstream.last.query) == ("", "_getpages=7")


def test_links_that_begin_with_the_servers_own_other_name_lead_through_the_door(
    connected: Deployment, caller: Caller, upstream: Scripted
) -> None:
    upstream.says["metadata"] = Says(json.dumps(STATEMENT).encode())
    assert check_health(connected).address == "https://inside.example/fhir"
    endpoints.forget_all()
    upstream.says["Patient"] = Says(
        b'{"link":[{"relation":"next","url":"https://inside.example/fhir/Patient?p=2"}]}'
    )
    assert json.loads(content(caller("GET", "Patient")))["link"][0]["url"].endswith(
        f"{caller.base}/Patient?p=2"
    )


def test_headers_of_the_connection_and_cookies_stay_there(caller: Caller, upstream: Scripted) -> None:
    upstream.says["Patient/1"] = Says(
        b'{"resourceType":"Patient"}',
        201,
        headers={
            "Location": f"{upstream.base}/Patient/1/_history/1",
            "Content-Location": f"{upstream.base}-of-others/Patient/1",
            "ETag": 'W/"1"',
            "Set-Cookie": "JSESSIONID=theirs",
            "Server": "Theirs/1.0",
            "Keep-Alive": "timeout=5",
            "X-Powered-By": "them",
            "WWW-Authenticate": "Bearer",
        },
    )
    answer = caller("GET", "Patient/1")
    content(answer)
    assert answer["Location"] == f"{public_base(caller)}/Patient/1/_history/1"
    assert answer["Content-Location"] == f"{upstream.base}-of-others/Patient/1"
    assert answer["ETag"] == 'W/"1"'
    for name in ("Set-Cookie", "Server", "Keep-Alive", "X-Powered-By", "WWW-Authenticate"):
        assert name not in answer, name


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


def diagnostics_of(text: str) -> str:
    return str(json.loads(text)["issue"][0]["diagnostics"])


def test_statuses_and_outcomes_of_the_server_are_kept(caller: Caller, upstream: Scripted) -> None:
    outcome = b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"throttled"}]}'
    for status in (400, 403, 404, 405, 409, 410, 412, 422, 429, 500, 503):
        upstream.otherwise = Says(outcome, status, headers={"Retry-After": "9"})
        answer = caller("GET", "Patient/1")
        assert (answer.status_code, content(answer), answer["Retry-After"]) == (status, outcome, "9")


def test_a_redirect_within_the_base_leads_through_the_door(caller: Caller, upstream: Scripted) -> None:
    upstream.otherwise = Says(b"", 307, headers={"Location": "/fhir/Patient/2"})
    answer = caller("GET", "Patient/1")
    assert (answer.status_code, answer["Location"]) == (307, f"{public_base(caller)}/Patient/2")


def test_a_page_of_the_server_is_no_page_of_ours(caller: Caller, upstream: Scripted) -> None:
    """Whoever connects a server decides what it answers: no script of it may run under our address."""
    upstream.otherwise = Says(b"<script>alert(1)</script>", media_type="text/html")
    for path in ("Patient/1", "Binary/1"):
        answer = caller("GET", path)
        content(answer)
        assert answer["Content-Security-Policy"].startswith("sandbox")
    answer = caller_of_nobody(caller)("GET", "metadata")
    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (502, JSON)


def caller_of_nobody(caller: Caller) -> Caller:
    return Caller(caller.client, caller.base)


@pytest.mark.parametrize("as_xml", [False, True])
def test_the_statement_is_theirs_with_our_security_and_address(
    caller: Caller, upstream: Scripted, as_xml: bool
) -> None:
    body = to_xml(STATEMENT) if as_xml else json.dumps(STATEMENT).encode()
    upstream.says["metadata"] = Says(
        body, media_type="application/fhir+xml" if as_xml else "application/json"
    )
    found = json.loads(content(caller_of_nobody(caller)("GET", "metadata?_format=json")))
    assert found["software"]["name"] == "HAPI FHIR Server"
    assert found["implementation"]["url"] == f"{public_base(caller)}"
    assert "API keys" in found["rest"][0]["security"]["description"]
    assert upstream.last.query == ""
    as_asked = caller_of_nobody(caller)("GET", "metadata", accept="application/fhir+xml")
    assert content(as_asked).startswith(b"<") or b"<CapabilityStatement" in content(as_asked)
    assert caller_of_nobody(caller)("GET", "metadata?_format=ttl").status_code == 406


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


def test_a_large_answer_passes_in_little_memory(caller: Caller, upstream: Scripted) -> None:
    line = f'{{"fullUrl":"{upstream.base}/Patient/1"}},'.encode() * 1000

    upstream.says["Patient"] = Says(lambda: (line for _ in range(400)), media_type="application/fhir+json")
    answer = caller("GET", "Patient")
    tracemalloc.start()
    size = sum(len(part) for part in answer)  # type: ignore[attr-defined]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 20_000_000
    assert peak < 4_000_000


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


def test_a_head_request_has_no_body_and_leaves_nothing_open(caller: Caller, upstream: Scripted) -> None:
    for _ in range(20):
        answer = caller("HEAD", "Patient/1", accept_encoding="gzip")
        assert (answer.status_code, content(answer)) == (200, b"")
    assert upstream.last.method == "HEAD"


def test_a_credential_that_cannot_be_read_any_more_is_said_to_be_so(caller: Caller) -> None:
    Deployment.objects.update(upstream_credential="broken")
    endpoints.forget_all()
    refused = caller("GET", "Patient/1")
    assert refused.status_code == 502
    assert "cannot be read any more" in diagnostics(refused)


def test_basic_authorization_is_sent_as_basic(caller: Caller, upstream: Scripted) -> None:
    Deployment.objects.update(upstream_credential=seal_basic("anna", "pässword"))
    endpoints.forget_all()
    content(caller("GET", "Patient/1"))
    assert upstream.last.headers["authorization"] == "Basic YW5uYTpww6Rzc3dvcmQ="


def test_client_credentials_fetch_a_token_and_another_when_it_is_refused(
    caller: Caller, upstream: Scripted
) -> None:
    smart = {"token_endpoint": f"{upstream.base}/token"}
    upstream.says[".well-known/smart-configuration"] = Says(json.dumps(smart).encode())
    upstream.says["token"] = Says(b'{"access_token":"first","token_type":"bearer","expires_in":3600}')
    Deployment.objects.update(
        upstream_credential=seal_client(upstream.base, "us", "their-secret", "system/*.rs")
    )
    endpoints.forget_all()
    content(caller("GET", "Patient/1"))
    content(caller("GET", "Patient/1"))
    asked = [came for came in upstream.came if came.path == "token"]
    assert [came.body for came in asked] == [b"grant_type=client_credentials&scope=system%2F%2A.rs"]
    assert asked[0].headers["authorization"] == "Basic dXM6dGhlaXItc2VjcmV0"
    assert upstream.last.headers["authorization"] == "Bearer first"
    upstream.says["Patient/1"] = Says(b"", 401)
    refused = caller("GET", "Patient/1")
    assert refused.status_code == 502
    assert sum(came.path == "token" for came in upstream.came) == 2
    upstream.says["token"] = Says(b'{"error":"invalid_client"}', 401)
    refused = caller("GET", "Patient/1")
    assert "invalid_client" in diagnostics(refused)
    assert "their-secret" not in diagnostics(refused)
