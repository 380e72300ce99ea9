"""What passes between a caller and a connected server: all that belongs to the request and its answer, and nothing else."""

import gzip
import json
import tracemalloc
from typing import Any

import pytest

from credentials.access import chosen
from deployments.models import Deployment
from deployments.services import change_limits
from deployments.upstream import check_health
from deployments.upstream_credentials import seal_basic, seal_client
from fhirspec.xml import to_xml
from gateway.endpoints import endpoints
from gateway.models import RequestLog
from gateway.recorder import recorder
from portal.models import User
from tests.gateway.conftest import Caller, caller_of
from tests.gateway.connected.conftest import SECRET, STATEMENT
from tests.gateway.connected.speaking import (
    caller_of_nobody,
    content,
    diagnostics,
    public_base,
)
from tests.scripted_server import Says, Scripted

pytestmark = pytest.mark.django_db(databases="__all__")


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


def test_a_head_request_has_no_body_and_leaves_nothing_open(caller: Caller, upstream: Scripted) -> None:
    for _ in range(20):
        answer = caller("HEAD", "Patient/1", accept_encoding="gzip")
        assert (answer.status_code, content(answer)) == (200, b"")
    assert upstream.last.method == "HEAD"


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


def packed(text: bytes) -> dict[str, Any]:
    return {"body": gzip.compress(text), "content_encoding": "gzip"}


def test_a_packed_body_is_passed_on_unpacked_and_within_the_limit(
    caller: Caller, connected: Deployment, upstream: Scripted, alice: User
) -> None:
    own = json.dumps({"reference": f"{public_base(caller)}/Patient/1"}, separators=(",", ":"))
    content(caller("POST", "Patient", **packed(own.encode())))
    assert "content-encoding" not in upstream.last.headers
    assert f'"reference":"{upstream.base}/Patient/1"'.encode() in upstream.last.body
    change_limits(connected, None, 1000, by=alice)
    endpoints.forget_all()
    sent = len(upstream.came)
    refused = caller("POST", "Patient", **packed(b" " * 1001))
    assert refused.status_code == 413
    assert b"(Settings, Limits)" in refused.content  # type: ignore[attr-defined]
    assert len(upstream.came) == sent


def test_a_packed_form_reaches_no_further_than_an_open_one(connected: Deployment, upstream: Scripted) -> None:
    """What a credential may not include is told from the names in the form."""
    narrow = caller_of(connected, chosen({"Patient": "rs"}))
    form = "application/x-www-form-urlencoded"
    plain = packed(b"name=x")
    content(narrow("POST", "Patient/_search", content_type=form, **plain))
    wide = packed(b"_revinclude=Observation:patient")
    assert narrow("POST", "Patient/_search", content_type=form, **wide).status_code == 403
    assert [came.body for came in upstream.came] == [b"name=x"]
