"""A relying party that nobody here wrote (Authlib), and a patient in a real browser, against the running server."""

import time
import uuid
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from django.test import Client
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from playwright.sync_api import Browser

from credentials.models import ApplicationKind
from deployments.models import Deployment
from smart.addresses import fhir_base, issuer
from smart.applications import Registration, create_application
from smart.servers import integrated_server
from tests.smart.conftest import CALLBACK, PASSWORD

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


def _walk(address: str) -> str:
    """The person's part, up to the redirect to the application."""
    client, parts = Client(), urlsplit(address)
    answer: Any = client.get(f"{parts.path}?{parts.query}")
    for _ in range(6):
        page = answer["Location"]
        if page.startswith(CALLBACK):
            return str(page)
        answer = client.get(page)
        if page.endswith("/sign-in/"):
            answer = client.post(page, {"username": "paula", "password": PASSWORD})
        elif page.endswith("/consent/"):
            answer = client.post(page, {"decision": "allow", "scope": answer.context["asked"]})
    raise AssertionError("the flow did not end")


def _code_flow(ward: Deployment, client: OAuth2Client, **more: str) -> tuple[dict[str, Any], dict[str, Any]]:
    known = httpx.get(f"{issuer(ward.pk)}/.well-known/openid-configuration").json()
    verifier = "v" * 64
    address, _ = client.create_authorization_url(
        known["authorization_endpoint"], code_verifier=verifier, aud=fhir_base(ward.pk), nonce="n-1"
    )
    token = client.fetch_token(
        known["token_endpoint"], authorization_response=_walk(address), code_verifier=verifier, **more
    )
    return dict(token), known


def test_authlib_runs_the_code_flow_refreshes_and_revokes(ward: Deployment) -> None:
    asked = Registration(
        "Planner",
        ApplicationKind.CONFIDENTIAL,
        [CALLBACK],
        allowed_scopes="openid fhirUser launch/patient offline_access patient/*.rs",
    )
    application, secret = create_application(integrated_server(ward), asked, by=None)
    with OAuth2Client(
        application.client_id,
        secret,
        scope=asked.allowed_scopes,
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
    ) as client:
        token, known = _code_flow(ward, client)
        keys = KeySet.import_key_set(httpx.get(known["jwks_uri"]).json())
        assert jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims["nonce"] == "n-1"
        assert client.get(f"{fhir_base(ward.pk)}/Patient/p1").status_code == 200
        assert client.get(f"{fhir_base(ward.pk)}/Patient/p2").status_code in (403, 404)
        assert client.get(known["userinfo_endpoint"]).json()["fhirUser"].endswith("Patient/p1")
        fresh = client.refresh_token(known["token_endpoint"])
        assert fresh["refresh_token"] != token["refresh_token"]
        introspected = client.introspect_token(known["introspection_endpoint"], token=fresh["access_token"])
        assert introspected.json()["patient"] == "p1"
        client.revoke_token(known["revocation_endpoint"], token=fresh["refresh_token"])
        time.sleep(1.2)
        assert client.get(f"{fhir_base(ward.pk)}/Patient/p1").status_code == 401


def test_authlib_runs_the_backend_flow_with_private_key_jwt(ward: Deployment) -> None:
    key = RSAKey.generate_key(2048, parameters={"kid": str(uuid.uuid4())})
    asked = Registration(
        "Bulk",
        ApplicationKind.BACKEND,
        jwks={"keys": [key.as_dict(private=False)]},
        allowed_scopes="system/Patient.rs",
    )
    application, _ = create_application(integrated_server(ward), asked, by=None)
    endpoint = f"{issuer(ward.pk)}/token"
    with OAuth2Client(
        application.client_id,
        key.as_dict(private=True),
        token_endpoint_auth_method=PrivateKeyJWT(
            endpoint, claims={"exp": int(time.time()) + 240}, headers={"kid": key.kid}, alg="RS384"
        ),
        scope="system/Patient.rs",
    ) as client:
        client.fetch_token(endpoint, grant_type="client_credentials")
        assert client.get(f"{fhir_base(ward.pk)}/Patient/p2").status_code == 200
        assert client.get(f"{fhir_base(ward.pk)}/Observation/o-p1").status_code == 403


@pytest.mark.browser
def test_a_patient_grants_two_of_five_scopes_and_takes_them_back(ward: Deployment, browser: Browser) -> None:
    scopes = "openid patient/Patient.rs patient/Observation.rs patient/Condition.rs patient/Encounter.rs"
    callback = f"{issuer(ward.pk)}/apps/"  # any page that is there will do for the application's
    asked = Registration("Growth Chart", ApplicationKind.PUBLIC, [callback], allowed_scopes=scopes)
    application, _ = create_application(integrated_server(ward), asked, by=None)
    client = OAuth2Client(
        application.client_id,
        scope=scopes,
        redirect_uri=callback,
        code_challenge_method="S256",
        token_endpoint_auth_method="none",
    )
    verifier = "w" * 64
    address, _ = client.create_authorization_url(
        f"{issuer(ward.pk)}/authorize", code_verifier=verifier, aud=fhir_base(ward.pk)
    )
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    page.get_by_label("User name").fill("paula")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Allow Growth Chart?").wait_for()
    for words in ("Know who you are", "conditions and diagnoses", "visits"):
        page.get_by_label(words).uncheck()
    page.get_by_role("button", name="Allow").click()
    token = client.fetch_token(
        f"{issuer(ward.pk)}/token", authorization_response=page.url, code_verifier=verifier
    )
    assert token["scope"] == "patient/Patient.rs patient/Observation.rs"
    base = fhir_base(ward.pk)
    seen = {
        path: client.get(f"{base}/{path}").status_code
        for path in ("Patient/p1", "Observation/o-p1", "Condition/c-p1")
    }
    assert seen == {"Patient/p1": 200, "Observation/o-p1": 200, "Condition/c-p1": 403}
    assert client.get(f"{base}/Observation/o-p2").status_code in (403, 404)
    page.goto(callback)
    page.get_by_role("button", name="Disconnect Growth Chart").click()
    page.get_by_role("heading", name="No application is connected").wait_for()
    time.sleep(1.2)
    assert client.get(f"{base}/Patient/p1").status_code == 401
    client.close()
    context.close()
