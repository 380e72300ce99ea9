"""Discovery tells only what works, and anybody may read it."""

from typing import Any

from django.test import Client

from credentials.models import AuthenticationServer
from deployments.models import Deployment
from smart.addresses import endpoint, issuer
from tests.smart.conftest import Flow


def test_smart_configuration_is_open_and_names_the_endpoints(
    deployment: Deployment, server: AuthenticationServer
) -> None:
    answer = Client().get(
        f"/fhir/{deployment.pk}/r4/.well-known/smart-configuration", HTTP_ORIGIN="https://any.example"
    )
    document: dict[str, Any] = answer.json()
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Content-Type"] == "application/json"
    assert document["token_endpoint"] == endpoint(deployment.pk, "token")
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert {"launch-ehr", "launch-standalone", "client-confidential-asymmetric", "permission-v2"} <= set(
        document["capabilities"]
    )
    assert "registration_endpoint" not in document


def test_openid_configuration_is_at_the_issuer(deployment: Deployment, server: AuthenticationServer) -> None:
    document = Client().get(f"/auth/{deployment.pk}/.well-known/openid-configuration").json()
    assert document["issuer"] == issuer(deployment.pk)
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]
    keys = Client().get(f"/auth/{deployment.pk}/jwks").json()["keys"]
    assert all(set(key) == {"kty", "n", "e", "kid", "use", "alg"} for key in keys)


def test_scripts_of_registered_origins_may_call_the_token_endpoint(flow: Flow) -> None:
    own, other = "https://app.example", "https://evil.example"
    preflight = Client().options(
        f"{flow.base}/token", HTTP_ORIGIN=own, HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST"
    )
    assert preflight["Access-Control-Allow-Origin"] == own
    assert "Access-Control-Allow-Credentials" not in preflight
    assert "Access-Control-Allow-Origin" not in Client().options(f"{flow.base}/token", HTTP_ORIGIN=other)


def test_an_unknown_deployment_has_no_server(db: None) -> None:
    for path in ("authorize", "token", "jwks", ".well-known/openid-configuration"):
        assert Client().get(f"/auth/nothinghere1/{path}").status_code == 404
