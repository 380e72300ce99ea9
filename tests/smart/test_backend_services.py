"""SMART Backend Services: client credentials with a signed assertion, or with a secret."""

import time
import uuid
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from credentials.models import ApplicationKind, AuthenticationServer, OAuthApplication
from smart.addresses import endpoint
from smart.applications import Registration, create_application
from smart.claims import SignedClaims
from smart.protocol.client_authentication import ASSERTION_TYPE
from smart.tokens import verify
from tests.smart.conftest import Flow

RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa"})
EC = ECKey.generate_key("P-384", parameters={"kid": "ec"})


@pytest.fixture
def service(server: AuthenticationServer) -> OAuthApplication:
    jwks = {"keys": [RSA.as_dict(private=False), EC.as_dict(private=False)]}
    asked = Registration("Bulk Loader", ApplicationKind.BACKEND, jwks=jwks, allowed_scopes="system/*.rs")
    return create_application(server, asked, by=None)[0]


@pytest.fixture
def flow(client: Any, service: OAuthApplication) -> Flow:
    return Flow(client, service.server.deployment, service)


def _assertion(
    flow: Flow, key: Any = RSA, algorithm: str = "RS384", header: Any = None, **changes: Any
) -> str:
    now = int(time.time())
    claims = {
        "iss": flow.application.client_id,
        "sub": flow.application.client_id,
        "aud": endpoint(flow.deployment.pk, "token"),
        "iat": now,
        "exp": now + 240,
        "jti": str(uuid.uuid4()),
    } | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    headers = {"alg": algorithm, "kid": key.kid, "typ": "JWT", **(header or {})}
    return jwt.encode(
        {name: value for name, value in headers.items() if value}, claims, key, algorithms=[algorithm]
    )


def _ask(flow: Flow, assertion: str, **changes: Any) -> Any:
    sent = {
        "grant_type": "client_credentials",
        "scope": "system/Patient.rs",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
    }
    return flow.post("token", **(sent | changes))


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS384"), (EC, "ES384")])
def test_a_signed_assertion_gets_a_short_token(flow: Flow, key: Any, algorithm: str) -> None:
    answer = _ask(flow, _assertion(flow, key, algorithm))
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert body["scope"] == "system/Patient.rs"
    assert body["token_type"].lower() == "bearer"
    assert body["expires_in"] <= 300
    assert "refresh_token" not in body
    claims = verify(body["access_token"], flow.deployment)
    assert isinstance(claims, SignedClaims)
    assert claims.subject == flow.application.client_id


def test_an_assertion_is_used_once(flow: Flow) -> None:
    assertion = _assertion(flow)
    assert _ask(flow, assertion).status_code == 200
    answer = _ask(flow, assertion)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"aud": "https://evil.example/token"},
        {"aud": None},
        {"exp": int(time.time()) - 120},
        {"exp": int(time.time()) + 86_400},
        {"exp": None},
        {"jti": None},
        {"jti": ""},
        {"nbf": int(time.time()) + 86_400},
        {"header": {"kid": "unknown"}},
        {"header": {"kid": None}},
        {"header": {"jku": "https://evil.example/jwks"}},
        {"key": RSAKey.generate_key(2048, parameters={"kid": "rsa"})},
        {"key": OctKey.generate_key(256, parameters={"kid": "rsa"}), "algorithm": "HS256"},
        {"algorithm": "RS512"},
    ],
)
def test_a_wrong_assertion_is_refused(flow: Flow, changes: dict[str, Any]) -> None:
    answer = _ask(flow, _assertion(flow, **changes))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_assertion_type": "urn:wrong"}, "invalid_request"),
        ({"client_assertion_type": None}, "invalid_request"),
        ({"client_assertion": "x.y.z"}, "invalid_client"),
        ({"grant_type": "authorization_code", "code": "x"}, "unauthorized_client"),
        ({"grant_type": "unknown"}, "unsupported_grant_type"),
        ({"scope": "patient/*.rs"}, "invalid_scope"),
        ({"scope": "system/Patient.cud"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
    ],
)
def test_a_wrong_request_names_its_error(flow: Flow, changes: dict[str, Any], error: str) -> None:
    answer = _ask(flow, _assertion(flow), **changes)
    assert answer.json()["error"] == error


def test_scopes_are_cut_to_what_was_registered(flow: Flow) -> None:
    assert (
        _ask(flow, _assertion(flow), scope="system/*.read system/Patient.write").json()["scope"]
        == "system/*.read"
    )


def test_a_service_with_keys_cannot_use_a_secret(flow: Flow) -> None:
    sent = {
        "grant_type": "client_credentials",
        "scope": "system/*.rs",
        "client_id": flow.application.client_id,
    }
    assert flow.post("token", **sent, client_secret="").json()["error"] == "invalid_client"


def test_a_service_may_have_a_secret_instead(client: Any, server: AuthenticationServer) -> None:
    asked = Registration("Nightly", ApplicationKind.BACKEND, allowed_scopes="system/*.rs")
    application, secret = create_application(server, asked, by=None)
    flow = Flow(client, server.deployment, application, secret)
    answer = flow.post("token", grant_type="client_credentials", scope="system/*.rs", **flow.identity)
    assert answer.json()["scope"] == "system/*.rs"
    assert flow.post("authorize").status_code in (302, 400)
