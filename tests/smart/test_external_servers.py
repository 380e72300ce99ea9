"""Tokens of an external identity provider: preflight, claims, rotation, and what happens when it is down."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from credentials.models import ApplicationKind, AuthenticationServer, ServerKind
from deployments.models import Deployment
from portal.models import User
from smart import remote_keys
from smart.addresses import fhir_base
from smart.applications import Registration, create_application, set_application_enabled
from smart.claims import RefusedToken, SignedClaims, TokenProblem
from smart.preflight import check_provider
from smart.tokens import forget_verified_tokens, verify
from tests.smart.provider import Provider


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    made = Provider()
    yield made
    made.stop()


@pytest.fixture
def external(provider: Provider, deployment: Deployment) -> AuthenticationServer:
    server = AuthenticationServer.objects.create(
        deployment=deployment,
        kind=ServerKind.EXTERNAL,
        name="Hospital",
        issuer=provider.issuer,
        jwks_uri=f"{provider.issuer}/jwks",
    )
    asked = Registration(
        "Ext", ApplicationKind.PUBLIC, allowed_scopes="patient/*.rs openid", client_id="ext-app"
    )
    create_application(server, asked, by=None)
    return server


def _token(provider: Provider, deployment: Deployment, **changes: Any) -> str:
    return provider.token(changes.pop("aud", fhir_base(deployment.pk)), **changes)


def _problem(token: str, deployment: Deployment) -> TokenProblem | None:
    forget_verified_tokens()
    found = verify(token, deployment)
    return found.problem if isinstance(found, RefusedToken) else None


def test_a_good_token_is_accepted_with_its_mapped_claims(
    provider: Provider, external: AuthenticationServer, deployment: Deployment
) -> None:
    external.patient_claim, external.fhir_user_claim = "ehr_patient", "who"
    external.save()
    token = _token(
        provider,
        deployment,
        scope=["patient/*.cruds", "openid"],
        ehr_patient="Patient/p7",
        who="https://ehr.example/r4/Practitioner/d1",
    )
    claims = verify(token, deployment)
    assert isinstance(claims, SignedClaims)
    assert (claims.patient, claims.fhir_user) == ("p7", "Practitioner/d1")
    assert str(claims.scopes) == "patient/*.rs openid"


@pytest.mark.parametrize(
    "told",
    [
        {"scope": "patient/Patient.rs openid"},
        {"scope": ["patient/Patient.rs", "openid"]},
        {"scope": None, "scp": ["patient/Patient.rs", "openid"]},
        {"scope": None, "scp": "patient/Patient.rs openid"},
    ],
    ids=["scope text", "scope list", "scp list", "scp text"],
)
def test_scopes_come_as_a_text_or_a_list_under_either_name(
    provider: Provider, external: AuthenticationServer, deployment: Deployment, told: dict[str, Any]
) -> None:
    claims = verify(_token(provider, deployment, **told), deployment)
    assert isinstance(claims, SignedClaims)
    assert str(claims.scopes) == "patient/Patient.rs openid"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"iss": "https://evil.example"}, TokenProblem.UNKNOWN_ISSUER),
        ({"aud": "https://elsewhere.example"}, TokenProblem.AUDIENCE),
        ({"aud": []}, TokenProblem.AUDIENCE),
        ({"exp": int(time.time()) - 120}, TokenProblem.EXPIRED),
        ({"exp": None}, TokenProblem.CLAIM),
        ({"nbf": int(time.time()) + 86_400}, TokenProblem.NOT_YET_VALID),
        ({"client_id": "unregistered"}, TokenProblem.CLAIM),
    ],
)
def test_a_wrong_claim_is_named(
    provider: Provider,
    external: AuthenticationServer,
    deployment: Deployment,
    changes: dict[str, Any],
    problem: TokenProblem,
) -> None:
    assert _problem(_token(provider, deployment, **changes), deployment) is problem


def test_clock_skew_is_allowed_as_configured(
    provider: Provider, external: AuthenticationServer, deployment: Deployment
) -> None:
    token = _token(provider, deployment, exp=int(time.time()) - 10)
    assert _problem(token, deployment) is None
    external.leeway = 0
    external.save()
    assert _problem(token, deployment) is TokenProblem.EXPIRED


def test_keys_may_change_without_a_restart(
    provider: Provider,
    external: AuthenticationServer,
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _problem(_token(provider, deployment), deployment) is None
    provider.rotate()
    monkeypatch.setattr(remote_keys, "RETRY", 0.0)
    assert _problem(_token(provider, deployment), deployment) is None


def test_known_keys_keep_working_while_the_provider_is_down_then_it_is_said(
    provider: Provider,
    external: AuthenticationServer,
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = _token(provider, deployment)
    assert _problem(token, deployment) is None
    provider.down = True
    monkeypatch.setattr(remote_keys, "FRESH", 0.0)
    monkeypatch.setattr(remote_keys, "RETRY", 0.0)
    assert _problem(token, deployment) is None
    remote_keys.forget_keys(external.jwks_uri)
    assert _problem(token, deployment) is TokenProblem.KEYS_UNAVAILABLE


def test_switching_the_server_or_the_application_off_is_effective(
    provider: Provider, external: AuthenticationServer, deployment: Deployment
) -> None:
    token = _token(provider, deployment)
    application = external.applications.get()
    set_application_enabled(application, enabled=False)
    assert _problem(token, deployment) is TokenProblem.APPLICATION_DISABLED
    set_application_enabled(application, enabled=True)
    external.enabled = False
    external.save()
    assert _problem(token, deployment) is TokenProblem.SERVER_DISABLED


def test_preflight_tells_each_rule(provider: Provider) -> None:
    assert check_provider(provider.issuer).good
    provider.metadata = {"issuer": "https://another.example"}
    failed = [rule.title for rule in check_provider(provider.issuer).rules if not rule.passed]
    assert failed == ["Discovery names exactly this issuer"]
    provider.down = True
    assert not check_provider(provider.issuer).good


@pytest.mark.parametrize(
    "issuer", ["http://169.254.169.254", "https://10.0.0.1", "http://evil.example", "file:///etc/passwd", "x"]
)
def test_preflight_reaches_no_private_address(issuer: str) -> None:
    assert not check_provider(issuer).good


def _form(provider: Provider, **changes: str) -> dict[str, str]:
    return {
        "name": "Hospital",
        "issuer": provider.issuer,
        "scope_claim": "scope",
        "patient_claim": "patient",
        "fhir_user_claim": "fhirUser",
        "leeway": "30",
    } | changes


def test_only_what_passes_is_saved(provider: Provider, deployment: Deployment, alice: User) -> None:
    client = Client()
    client.force_login(alice)
    page = reverse("oauth:server-new", args=[deployment.pk])
    wrong = provider.token("https://elsewhere.example")
    shown = client.post(page, _form(provider, token=wrong, save="yes"))
    failed = [rule.title for rule in shown.context["findings"].rules if not rule.passed]
    assert failed == ["aud holds the audience"]
    assert wrong not in str(AuthenticationServer.objects.values())
    assert (
        client.post(page, _form(provider, token=_token(provider, deployment), save="yes")).status_code == 302
    )
    assert AuthenticationServer.objects.get(kind=ServerKind.EXTERNAL).jwks_uri == f"{provider.issuer}/jwks"
