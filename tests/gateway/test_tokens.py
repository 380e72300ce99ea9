"""Access tokens at the door: which are refused, what the caller learns, what the log explains."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from time_machine import TimeMachineFixture

from credentials.models import ApplicationKind, OAuthApplication
from deployments.models import Deployment, State
from gateway.models import RequestLog
from gateway.recorder import recorder
from portal.models import User
from smart.applications import Registration, create_application, set_application_enabled
from smart.models import Authorization
from smart.scopes import read_scopes
from smart.servers import integrated_server
from smart.tokens import forget_verified_tokens, sign_access_token
from tests.gateway.conftest import Caller

SCOPES = "system/*.rs"
READ = "Patient/_history"


@pytest.fixture
def region() -> str:
    """What a token is worth does not depend on the store."""
    return "region_local"


pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def application(deployment: Deployment) -> OAuthApplication:
    asked = Registration(
        "App", ApplicationKind.PUBLIC, ["https://app.example/cb"], allowed_scopes="user/*.rs"
    )
    return create_application(integrated_server(deployment), asked, by=None)[0]


@pytest.fixture
def authorization(application: OAuthApplication) -> Authorization:
    return Authorization.objects.create(application=application, scopes=SCOPES)


@pytest.fixture
def token(authorization: Authorization) -> str:
    return sign_access_token(authorization, read_scopes(SCOPES), 600)


def ask(nobody: Caller, token: str, path: str = READ) -> int:
    return nobody("GET", path, authorization=f"Bearer {token}").status_code


def test_a_good_token_is_let_in(nobody: Caller, token: str) -> None:
    assert ask(nobody, token) == 200


def test_a_token_may_not_come_as_an_api_key_of_another_kind(nobody: Caller, token: str) -> None:
    assert nobody("GET", READ, **{"x-api-key": token[:-4]}).status_code == 401


@pytest.mark.parametrize("change", ["signature", "payload", "no signature", "none"])
def test_a_changed_token_is_refused(nobody: Caller, token: str, change: str) -> None:
    head, payload, signature = token.split(".")
    changed = {
        "signature": f"{head}.{payload}.{signature[:-6]}AAAAAA",
        "payload": f"{head}.{payload[:-4]}AAAA.{signature}",
        "no signature": f"{head}.{payload}.",
        "none": f"eyJhbGciOiJub25lIn0.{payload}.x",
    }[change]
    assert ask(nobody, changed) == 401


def test_an_expired_token_is_refused_and_said_to_be(
    nobody: Caller, token: str, time_machine: TimeMachineFixture
) -> None:
    assert ask(nobody, token) == 200
    time_machine.move_to(timezone.now() + timedelta(seconds=601))
    refused = nobody("GET", READ, authorization=f"Bearer {token}")
    assert refused.status_code == 401
    assert "expired" in json.loads(refused.content)["issue"][0]["diagnostics"]
    assert 'error="invalid_token"' in refused["WWW-Authenticate"]


def test_a_revoked_token_is_refused(nobody: Caller, token: str, authorization: Authorization) -> None:
    Authorization.objects.filter(pk=authorization.pk).update(revoked=timezone.now())
    assert ask(nobody, token) == 401


def test_a_token_of_a_disabled_application_is_refused(
    nobody: Caller, token: str, application: OAuthApplication
) -> None:
    set_application_enabled(application, enabled=False)
    forget_verified_tokens()
    assert ask(nobody, token) == 401
    set_application_enabled(application, enabled=True)
    forget_verified_tokens()
    assert ask(nobody, token) == 200


def test_a_token_of_another_deployment_is_refused(nobody: Caller, token: str, deployment: Deployment) -> None:
    other = Deployment.objects.create(
        tenant=deployment.tenant,
        name="Other",
        size="m",
        region=deployment.region,
        state=State.RUNNING,
        partition=deployment.partition,
    )
    refused = Client().get(f"/fhir/{other.pk}/r4/{READ}", headers={"authorization": f"Bearer {token}"})
    assert refused.status_code == 401


def test_the_log_explains_a_refused_token_claim_by_claim(
    nobody: Caller,
    token: str,
    authorization: Authorization,
    deployment: Deployment,
    client: Client,
    alice: User,
) -> None:
    Authorization.objects.filter(pk=authorization.pk).update(revoked=timezone.now())
    ask(nobody, token)
    recorder.flush()
    line = RequestLog.objects.get()
    claims = line.checked_claims()
    assert [claim["name"] for claim in claims if not claim["passed"]] == ["revocation"]
    assert {"signature", "aud", "exp"} <= {claim["name"] for claim in claims if claim["passed"]}
    assert token not in str(RequestLog.objects.values_list())
    client.force_login(alice)
    page = client.get(reverse("logs:trace", args=[deployment.pk, line.trace_id])).content.decode()
    assert "revocation" in page


def test_the_log_names_the_smallest_scope_that_would_pass(
    nobody: Caller, authorization: Authorization, deployment: Deployment, client: Client, alice: User
) -> None:
    narrow = sign_access_token(authorization, read_scopes("system/Patient.r"), 600)
    assert ask(nobody, narrow, "Observation/1") == 403
    recorder.flush()
    client.force_login(alice)
    trace_id = RequestLog.objects.get().trace_id
    page = client.get(reverse("logs:trace", args=[deployment.pk, trace_id])).content.decode()
    assert "system/Observation.r" in page


def test_discovery_is_open_and_names_the_issuer(nobody: Caller, deployment: Deployment) -> None:
    found = nobody("GET", ".well-known/smart-configuration", origin="https://any.example")
    assert found.status_code == 200
    assert found["Content-Type"] == "application/json"
    assert found["Access-Control-Allow-Origin"] == "*"
    assert json.loads(found.content)["token_endpoint"].endswith(f"/auth/{deployment.pk}/token")


def test_the_origin_of_an_enabled_application_may_call(
    nobody: Caller, token: str, application: OAuthApplication
) -> None:
    headers = {"authorization": f"Bearer {token}", "origin": "https://app.example"}
    assert nobody("GET", READ, **headers)["Access-Control-Allow-Origin"] == "https://app.example"
    headers["origin"] = "https://evil.example"
    assert "Access-Control-Allow-Origin" not in nobody("GET", READ, **headers).headers
