"""A deployment with an application of each kind and a patient who can sign in, made by the services."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client

from credentials.models import ApplicationKind, AuthenticationServer, OAuthApplication, ServerUser
from deployments.models import Deployment, Region, State
from portal.models import Tenant
from smart.addresses import fhir_base
from smart.applications import Registration, create_application
from smart.servers import integrated_server
from smart.tokens import forget_verified_tokens
from smart.users import create_user
from tests.smart.ward import PASSWORD
from tests.smart.ward import ward as ward

CALLBACK = "https://app.example/callback"


@dataclass
class Flow:
    """One application's authorization code flow, step by step, as a browser and its server would do it."""

    client: Client
    deployment: Deployment
    application: OAuthApplication
    secret: str = ""
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    state: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    scope: str = "openid fhirUser launch/patient offline_access patient/*.rs"

    @property
    def base(self) -> str:
        return f"/auth/{self.deployment.pk}"

    def parameters(self, **changes: Any) -> dict[str, str]:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        parameters = {
            "response_type": "code",
            "client_id": self.application.client_id,
            "redirect_uri": CALLBACK,
            "scope": self.scope,
            "state": self.state,
            "aud": fhir_base(self.deployment.pk),
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        } | changes
        return {name: value for name, value in parameters.items() if value is not None}

    def authorize(self, **changes: Any) -> Any:
        return self.client.get(f"{self.base}/authorize?{urlencode(self.parameters(**changes))}")

    def to_consent(self, **changes: Any) -> str:
        """Signs in and returns the address of the consent page."""
        answer = self.authorize(**changes)
        for _ in range(6):
            assert answer.status_code == 302, answer.content
            page = answer["Location"]
            if page.endswith("/consent/"):
                return str(page)
            if page.endswith("/sign-in/"):
                answer = self.client.post(page, {"username": "paula", "password": PASSWORD})
            else:
                answer = self.client.get(page)
        raise AssertionError("no consent page")

    def allow(self, scopes: str | None = None, **changes: Any) -> dict[str, str]:
        """Consents to `scopes` (else to all asked for) and returns the parameters of the redirect."""
        page = self.to_consent(**changes)
        shown = self.client.get(page)
        ticked = (scopes if scopes is not None else " ".join(shown.context["asked"])).split()
        answer = self.client.post(page, {"decision": "allow", "scope": ticked})
        return parameters_of(answer["Location"])

    def token(self, code: str, **changes: Any) -> Any:
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": self.verifier,
            **self.identity,
        } | changes
        return self.post("token", **sent)

    def tokens(self, scopes: str | None = None, **changes: Any) -> dict[str, Any]:
        answer = self.token(self.allow(scopes, **changes)["code"])
        assert answer.status_code == 200, answer.content
        return dict(answer.json())

    def refresh(self, text: str, **changes: Any) -> Any:
        sent = {"grant_type": "refresh_token", "refresh_token": text, **self.identity} | changes
        return self.post("token", **sent)

    @property
    def identity(self) -> dict[str, str]:
        secret = {"client_secret": self.secret} if self.secret else {}
        return {"client_id": self.application.client_id, **secret}

    def post(self, endpoint: str, **sent: Any) -> Any:
        sent = {name: value for name, value in sent.items() if value is not None}
        return Client().post(f"{self.base}/{endpoint}", sent)


def parameters_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.clear()
    forget_verified_tokens()


@pytest.fixture
def place(db: None) -> Region:
    made, _ = Region.objects.get_or_create(
        name="local", defaults={"title": "Local", "database": "region_local"}
    )
    return made


@pytest.fixture
def deployment(tenant: Tenant, place: Region) -> Deployment:
    return Deployment.objects.create(
        tenant=tenant,
        name="Ward",
        size="xs",
        region=place,
        state=State.RUNNING,
        upstream="https://fhir.example/r4",
    )


@pytest.fixture
def other_deployment(tenant: Tenant, place: Region) -> Deployment:
    return Deployment.objects.create(
        tenant=tenant,
        name="Lab",
        size="xs",
        region=place,
        state=State.RUNNING,
        upstream="https://fhir.example/r4",
    )


@pytest.fixture
def server(deployment: Deployment) -> AuthenticationServer:
    return integrated_server(deployment)


@pytest.fixture
def paula(deployment: Deployment) -> ServerUser:
    """A patient."""
    return create_user(
        deployment, username="Paula", password=PASSWORD, name="Paula Patient", fhir_user="Patient/p1"
    )


@pytest.fixture
def public_app(server: AuthenticationServer) -> OAuthApplication:
    asked = Registration("Growth Chart", ApplicationKind.PUBLIC, [CALLBACK], allowed_scopes=SCOPES_ALLOWED)
    return create_application(server, asked, by=None)[0]


@pytest.fixture
def flow(client: Client, deployment: Deployment, public_app: OAuthApplication, paula: ServerUser) -> Flow:
    return Flow(client, deployment, public_app)


@pytest.fixture
def confidential_flow(client: Client, server: AuthenticationServer, paula: ServerUser) -> Flow:
    asked = Registration(
        "Care Planner", ApplicationKind.CONFIDENTIAL, [CALLBACK], allowed_scopes=SCOPES_ALLOWED
    )
    application, secret = create_application(server, asked, by=None)
    return Flow(client, server.deployment, application, secret)


SCOPES_ALLOWED = (
    "openid fhirUser profile launch launch/patient launch/encounter offline_access online_access"
    " patient/*.rs patient/Observation.cud user/*.rs"
)
