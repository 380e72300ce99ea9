"""Dynamic registration: closed unless opened, and never more than a person can grant."""

import json
from typing import Any

import pytest
from django.test import Client

from credentials.models import AuthenticationServer, OAuthApplication
from deployments.models import Deployment
from tests.smart.conftest import CALLBACK


def _register(deployment: Deployment, **asked: Any) -> Any:
    body = json.dumps({"client_name": "New", "redirect_uris": [CALLBACK]} | asked)
    return Client().post(f"/auth/{deployment.pk}/register", body, content_type="application/json")


def test_registration_is_closed_at_first(deployment: Deployment, server: AuthenticationServer) -> None:
    assert _register(deployment).status_code == 404


@pytest.fixture
def opened(server: AuthenticationServer) -> AuthenticationServer:
    server.registration_open = True
    server.save()
    return server


def test_an_application_registers_itself(deployment: Deployment, opened: AuthenticationServer) -> None:
    answer = _register(deployment, token_endpoint_auth_method="none", scope="patient/*.rs system/*.cruds")
    assert answer.status_code == 201
    assert answer.json()["scope"] == "patient/*.rs"
    assert "client_secret" not in answer.json()
    assert OAuthApplication.objects.get().self_registered


def test_a_confidential_one_gets_a_secret(deployment: Deployment, opened: AuthenticationServer) -> None:
    assert _register(deployment).json()["client_secret"]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"redirect_uris": ["http://evil.example/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://app.example/"}, "invalid_client_metadata"),
        ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
        ({"grant_types": ["implicit"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "tls_client_auth"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"scope": "system/*.rs"}, "invalid_client_metadata"),
        ({"client_name": 5}, "invalid_client_metadata"),
    ],
)
def test_wrong_metadata_is_refused(
    deployment: Deployment, opened: AuthenticationServer, asked: dict[str, Any], error: str
) -> None:
    answer = _register(deployment, **asked)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert not OAuthApplication.objects.exists()
