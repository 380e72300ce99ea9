"""Who is let in at `/fhir/<id>/r4/`, on both databases, through the real engine."""

import json
from typing import Any

import pytest
from django.http import HttpResponse
from pytest_django import Settings

from credentials.access import FULL, chosen
from credentials.models import ApiKey
from credentials.secret import new_key_text
from credentials.services import create_api_key, revoke_api_key, rotate_api_key
from deployments.models import Deployment, State
from gateway.door import decisions
from gateway.endpoints import endpoints
from portal.models import User
from smart.servers import integrated_server
from tests.gateway.conftest import Caller, caller_of

PATIENT = json.dumps({"resourceType": "Patient", "gender": "male", "name": [{"family": "Chalmers"}]})


def outcome(response: Any) -> dict[str, Any]:
    assert response["Content-Type"].startswith("application/fhir+json")
    body = json.loads(response.content)
    assert body["resourceType"] == "OperationOutcome"
    issue: dict[str, Any] = body["issue"][0]
    return issue


def test_a_full_key_creates_and_reads(full: Caller, settings: Settings) -> None:
    created = full("POST", "Patient", PATIENT)
    assert created.status_code == 201
    location = created["Location"]
    assert location.startswith(f"{settings.PUBLIC_URL}{full.base}/Patient/")
    read = full("GET", location.split("/r4/")[1])
    assert read.status_code == 200
    assert json.loads(read.content)["gender"] == "male"


def test_a_key_may_come_as_a_bearer_token(full: Caller, nobody: Caller) -> None:
    assert nobody("GET", "Patient/_history", authorization=f"Bearer {full.key}").status_code == 200
    assert nobody("GET", "Patient/_history", authorization=f"bearer {full.key}").status_code == 200


def test_a_read_only_key_reads_and_does_not_write(reader: Caller, full: Caller) -> None:
    assert reader("GET", "Patient/_history").status_code == 200
    refused = reader("POST", "Patient", PATIENT)
    assert refused.status_code == 403
    assert "Patient" in outcome(refused)["diagnostics"]
    assert json.loads(full("GET", "Patient/_history").content)["total"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "Patient/_history", None, 200),
        ("POST", "Patient", PATIENT, 403),
        ("GET", "Observation", None, 403),
        ("DELETE", "Patient/1", None, 403),
    ],
)
def test_a_chosen_key_does_what_was_chosen(
    deployment: Deployment, method: str, path: str, body: str | None, status: int
) -> None:
    caller = caller_of(deployment, chosen({"Patient": "rs"}))
    assert caller(method, path, body).status_code == status


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, "Send an API key"),
        ({"authorization": "Basic YTpi"}, "Bearer"),
        ({"authorization": "Bearer"}, "Bearer"),
        ({"authorization": "Bearer nonsense"}, "not valid"),
        ({"x-api-key": "nonsense"}, "not valid"),
        ({"x-api-key": new_key_text("a" * 12)}, "not valid"),
        ({"x-api-key": "a", "authorization": "Bearer 0123456789abcdef"}, "not both"),
        ({"x-api-key": "ключ\x00"}, "not valid"),
        ({"x-api-key": "x" * 7000}, "not valid"),
    ],
)
def test_without_a_good_credential_the_answer_is_401(
    nobody: Caller, headers: dict[str, str], words: str
) -> None:
    refused = nobody("GET", "Patient", **headers)
    assert refused.status_code == 401
    assert words in outcome(refused)["diagnostics"]
    assert refused["WWW-Authenticate"].startswith(f'Bearer realm="fhir/{nobody.base.split("/")[2]}"')


@pytest.mark.parametrize("filler", ["Bearer none", "Bearer", "Bearer undefined", "none"])
def test_a_word_that_a_library_fills_in_is_no_second_credential(full: Caller, filler: str) -> None:
    assert full("GET", "Patient/_history", authorization=filler).status_code == 200


def test_a_key_in_the_query_is_no_credential(nobody: Caller, full: Caller) -> None:
    assert nobody("GET", f"Patient?access_token={full.key}").status_code == 401
    assert nobody("GET", f"Patient?x-api-key={full.key}").status_code == 401


def test_a_revoked_key_is_refused_when_the_memory_ends(full: Caller, alice: User) -> None:
    assert full("GET", "Patient/_history").status_code == 200
    revoke_api_key(ApiKey.objects.get(), by=alice)
    decisions.forget_all()
    assert full("GET", "Patient").status_code == 401


def test_the_door_remembers_for_less_than_a_second() -> None:
    from gateway.brief_memory import LIFETIME

    assert LIFETIME < 1
    asked = []
    from gateway.brief_memory import BriefMemory

    memory: BriefMemory[str, int] = BriefMemory(lambda key: asked.append(key) or len(asked), lifetime=0.0)
    assert [memory.get("a"), memory.get("a")] == [1, 2]


def test_both_secrets_of_a_rotated_key_work(full: Caller, nobody: Caller, alice: User) -> None:
    from datetime import timedelta

    new = rotate_api_key(ApiKey.objects.get(), overlap=timedelta(hours=1), by=alice)
    assert full("GET", "Patient/_history").status_code == 200
    assert nobody("GET", "Patient/_history", **{"x-api-key": new}).status_code == 200


def test_a_key_of_another_deployment_is_refused_like_an_unknown_one(
    full: Caller, nobody: Caller, deployment: Deployment, alice: User
) -> None:
    other = Deployment.objects.create(
        tenant=deployment.tenant, name="Other", size="m", region=deployment.region, state=State.RUNNING
    )
    _, key = create_api_key(other, name="Other", access=FULL, by=alice)
    refused = nobody("GET", "Patient", **{"x-api-key": key})
    unknown = nobody("GET", "Patient", **{"x-api-key": new_key_text("b" * 12)})
    assert refused.status_code == unknown.status_code == 401
    assert refused.content == unknown.content


@pytest.mark.parametrize("path", ["metadata"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_metadata_is_open_to_all(nobody: Caller, method: str, path: str) -> None:
    assert nobody(method, path).status_code == 200


def test_metadata_names_the_authorization_server_as_its_own_document_does(
    nobody: Caller, deployment: Deployment
) -> None:
    def security() -> dict[str, Any]:
        told: Any = nobody("GET", "metadata")
        found: dict[str, Any] = json.loads(told.content)["rest"][0]["security"]
        return found

    discovered: Any = nobody("GET", ".well-known/smart-configuration")
    document = json.loads(discovered.content)
    assert security()["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    [named] = security()["extension"]
    uris = {one["url"]: one["valueUri"] for one in named["extension"]}
    assert uris["authorize"] == document["authorization_endpoint"]
    assert uris["token"] == document["token_endpoint"]
    assert "register" not in uris
    server = integrated_server(deployment)
    server.enabled = False
    server.save()
    assert set(security()) == {"cors", "description"}


@pytest.mark.parametrize(
    "path", ["Patient", "", "_history", "Patient/1", "Patient/_search", "$export", "metadata/x", "%00"]
)
def test_nothing_else_is(nobody: Caller, path: str) -> None:
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        assert nobody(method, path).status_code == 401, (method, path)


@pytest.mark.parametrize(
    "path",
    [
        "/fhir/",
        "/fhir/aaaaaaaaaaaa/r4/Patient",
        "/fhir/AAAAAAAAAAAA/r4/Patient",
        "/fhir/..%2f..%2fetc/r4/Patient",
        "/fhir/aaaaaaaaaaaa/r5/Patient",
        "/fhir/aaaaaaaaaaa'/r4/Patient",
        "/fhir/%00/r4/",
    ],
)
def test_an_address_of_no_deployment_is_not_found(full: Caller, path: str) -> None:
    refused = full.client.get(path, headers={"x-api-key": full.key})
    assert refused.status_code == 404
    assert outcome(refused)["code"] == "not-found"


@pytest.mark.parametrize("state", [State.STOPPED, State.STOPPING, State.FAILED, State.DELETING])
def test_a_stopped_deployment_answers_503_to_all(full: Caller, deployment: Deployment, state: State) -> None:
    Deployment.objects.filter(pk=deployment.pk).update(state=state)
    for path in ("Patient", "metadata"):
        endpoints.forget_all()
        refused = full("GET", path)
        assert refused.status_code == 503
        assert refused["Retry-After"]
        assert outcome(refused)["code"] == "transient"


@pytest.mark.parametrize("state", [State.CREATING, State.STARTING])
def test_a_deployment_that_comes_up_shows_its_metadata_only(
    full: Caller, deployment: Deployment, state: State
) -> None:
    Deployment.objects.filter(pk=deployment.pk).update(state=state)
    assert full("GET", "metadata").status_code == 200
    assert full("GET", "Patient").status_code == 503


def test_a_body_beyond_the_limit_is_refused_unread(full: Caller, settings: Settings) -> None:
    settings.FHIR_MAX_BODY_BYTES = 1000
    refused = full("POST", "Patient", "x" * 1001)
    assert refused.status_code == 413
    assert outcome(refused)["code"] == "too-long"
    assert "1,000 bytes" in outcome(refused)["diagnostics"]
    assert "FHIR_MAX_BODY_BYTES" in outcome(refused)["diagnostics"]


def test_a_hundred_megabytes_are_refused_without_reading_them(full: Caller) -> None:
    class Endless:
        def read(self, size: int = -1) -> bytes:
            raise AssertionError("the body was read")

    from gateway.wsgi import answer

    started: list[str] = []
    answer(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": f"{full.base}/Patient",
            "CONTENT_LENGTH": "100000000",
            "HTTP_X_API_KEY": full.key,
            "wsgi.input": Endless(),
        },
        lambda status, headers: started.append(status),
    )
    assert started == ["413 Request Entity Too Large"] or started == ["413 Content Too Large"]


@pytest.mark.parametrize("query", ["%ff", "a=" + "x" * 70_000, "&".join(["a=1"] * 1001)])
def test_hostile_queries_are_malformed_not_faults(full: Caller, query: str) -> None:
    assert full("GET", f"Patient?{query}").status_code == 400


def test_unknown_methods_are_not_allowed(full: Caller) -> None:
    refused = full("BREW", "Patient")
    assert refused.status_code == 405
    assert "GET" in refused["Allow"]


def test_every_answer_has_its_trace_and_safe_headers(full: Caller, nobody: Caller) -> None:
    for response in (full("GET", "Patient"), nobody("GET", "Patient"), nobody("GET", "metadata")):
        assert len(response["X-Request-Id"]) == 16
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cache-Control"] == "no-store"


def test_no_session_or_cookie_is_made(full: Caller) -> None:
    response = full("GET", "Patient")
    assert isinstance(response, HttpResponse)
    assert not response.cookies
    assert "sessionid" not in full.client.cookies
