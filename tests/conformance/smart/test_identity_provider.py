"""An identity provider that nobody here wrote (`oidc-provider`) as the external server: set up on the page, used, changed, stopped."""

import uuid
from subprocess import Popen
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx
import pytest
from django.test import Client
from django.urls import reverse
from joserfc.jwk import RSAKey

from credentials.models import ApplicationKind, AuthenticationServer, ServerKind
from deployments.models import Deployment
from portal.models import User
from smart import introspecting, remote_keys
from smart.addresses import fhir_base
from smart.applications import Registration, create_application
from smart.tokens import forget_verified_tokens
from tests.conformance.smart.conftest import Start, free_port

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

CALLBACK = "https://app.example/callback"
SECRET = "shared-with-the-provider"


class Organisation:
    """The provider, started anew with each change, and a browser of Paula, who signs in there as p1."""

    def __init__(self, start: Start, audience: str) -> None:
        self.start, self.audience, self.port = start, audience, free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.process: Popen[str] | None = None

    def restart(self, token_format: str) -> None:
        """With a new key."""
        self.stop()
        key = RSAKey.generate_key(2048, parameters={"kid": str(uuid.uuid4()), "use": "sig", "alg": "RS256"})
        settings = {
            "port": self.port,
            "audience": self.audience,
            "client": {"id": "planner", "secret": SECRET, "redirect": CALLBACK},
            "key": key.as_dict(private=True),
            "format": token_format,
        }
        self.process = self.start("identity-provider.mjs", settings)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def token(self) -> str:
        asked = {
            "client_id": "planner",
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid patient/*.rs",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        }
        with httpx.Client(timeout=20) as browser:
            answer = browser.get(f"{self.issuer}/auth?{urlencode(asked)}")
            while not (answer.is_redirect and answer.headers["location"].startswith(CALLBACK)):
                assert answer.status_code < 400, answer.text
                if answer.is_redirect:
                    answer = browser.get(urljoin(str(answer.url), answer.headers["location"]))
                elif 'name="login"' in answer.text:
                    sent = {"prompt": "login", "login": "p1", "password": "any"}
                    answer = browser.post(answer.url, data=sent)
                else:
                    answer = browser.post(answer.url, data={"prompt": "consent"})
            code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
            sent = {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": CALLBACK,
                "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            }
            answer = browser.post(f"{self.issuer}/token", data=sent, auth=("planner", SECRET))
            return str(answer.json()["access_token"])


def _save(ward: Deployment, alice: User, issuer: str, **more: str) -> AuthenticationServer:
    """As an administrator does it: the page checks, then saves."""
    client = Client()
    client.force_login(alice)
    known = AuthenticationServer.objects.filter(deployment=ward, kind=ServerKind.EXTERNAL).first()
    page = (
        reverse("oauth:server", args=[ward.pk, known.pk])
        if known
        else reverse("oauth:server-new", args=[ward.pk])
    )
    sent = {"name": "Organisation", "issuer": issuer, "scope_claim": "scope", "patient_claim": "patient"}
    sent |= {"fhir_user_claim": "fhirUser", "leeway": "30", **more}
    checked: Any = client.post(page, sent | {"check": "yes"})
    assert checked.context["findings"].good, checked.context["findings"].rules
    assert client.post(page, sent | {"save": "yes"}).status_code == 302
    return AuthenticationServer.objects.get(deployment=ward, kind=ServerKind.EXTERNAL)


def _read(ward: Deployment, token: str, patient: str = "p1") -> httpx.Response:
    forget_verified_tokens()
    introspecting.forget_answers()
    headers = {"authorization": f"Bearer {token}"}
    return httpx.get(f"{fhir_base(ward.pk)}/Patient/{patient}", headers=headers)


def test_a_providers_tokens_open_the_own_record_through_rotation_and_its_absence(
    ward: Deployment, alice: User, start: Start, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    monkeypatch.setattr(remote_keys, "RETRY", 0.0)
    organisation = Organisation(start, fhir_base(ward.pk))
    organisation.restart("jwt")
    server = _save(ward, alice, organisation.issuer)
    asked = Registration(
        "Planner", ApplicationKind.PUBLIC, client_id="planner", allowed_scopes="patient/*.rs"
    )
    create_application(server, asked, by=None)
    first = organisation.token()
    assert _read(ward, first).json()["id"] == "p1"
    assert _read(ward, first, "p2").status_code == 403
    organisation.restart("jwt")
    second = organisation.token()
    assert _read(ward, second).status_code == 200
    assert _read(ward, first).status_code == 401
    organisation.stop()
    assert _read(ward, second).status_code == 200
    remote_keys.forget_keys(server.jwks_uri)
    away = _read(ward, second)
    assert (away.status_code, away.headers["retry-after"]) == (503, "5")

    organisation.restart("opaque")
    opaque = organisation.token()
    assert "." not in opaque
    assert _read(ward, opaque).status_code == 401
    _save(ward, alice, organisation.issuer, introspection_client_id="planner", introspection_secret=SECRET)
    assert SECRET not in str(
        AuthenticationServer.objects.extra(select={"raw": "introspection_secret"}).values("raw")
    )
    assert _read(ward, opaque).json()["id"] == "p1"
    assert _read(ward, opaque, "p2").status_code == 403
    assert _read(ward, "made-up").status_code == 401
    organisation.stop()
    assert _read(ward, opaque).status_code == 503
