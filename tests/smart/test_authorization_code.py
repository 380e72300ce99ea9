"""The authorization code flow: what a well-behaved application gets."""

from typing import Any

from joserfc import jwt
from joserfc.jwk import KeySet

from credentials.models import ServerUser
from smart.addresses import fhir_base, issuer
from smart.claims import SignedClaims
from smart.tokens import verify
from tests.smart.conftest import Flow


def test_a_public_application_gets_what_the_patient_allowed(flow: Flow) -> None:
    tokens = flow.tokens()
    assert tokens["token_type"] == "Bearer"
    assert tokens["scope"] == "openid fhirUser launch/patient offline_access patient/*.rs"
    assert tokens["patient"] == "p1"
    assert tokens["expires_in"] == 3600
    assert tokens["refresh_token"]


def test_unticked_scopes_are_not_granted(flow: Flow) -> None:
    tokens = flow.tokens("openid patient/*.rs")
    assert tokens["scope"] == "openid patient/*.rs"
    assert "refresh_token" not in tokens


def test_a_ticked_scope_that_was_not_asked_for_is_not_granted(flow: Flow) -> None:
    assert flow.tokens("openid user/*.rs patient/*.rs")["scope"] == "openid patient/*.rs"


def test_a_confidential_application_uses_its_secret(confidential_flow: Flow) -> None:
    assert confidential_flow.tokens()["access_token"]


def test_the_access_token_verifies_for_its_deployment(flow: Flow, paula: ServerUser) -> None:
    claims = verify(flow.tokens()["access_token"], flow.deployment)
    assert isinstance(claims, SignedClaims)
    assert claims.patient == "p1"
    assert claims.fhir_user == "Patient/p1"
    assert claims.subject == f"user-{paula.pk}"
    assert claims.application_id == flow.application.pk


def test_the_id_token_names_the_person_for_this_application(flow: Flow) -> None:
    tokens = flow.tokens(nonce="n-123")
    keys = KeySet.import_key_set(flow.client.get(f"{flow.base}/jwks").json())
    claims: Any = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
    assert claims["iss"] == issuer(flow.deployment.pk)
    assert claims["aud"] == flow.application.client_id
    assert claims["nonce"] == "n-123"
    assert claims["fhirUser"] == f"{fhir_base(flow.deployment.pk)}/Patient/p1"


def test_refreshing_rotates_and_keeps_the_scopes(flow: Flow) -> None:
    first = flow.tokens()
    narrowed = flow.refresh(first["refresh_token"], scope="patient/Observation.r").json()
    assert narrowed["scope"] == "patient/Observation.r"
    again = flow.refresh(narrowed["refresh_token"]).json()
    assert again["scope"] == first["scope"]
    assert again["patient"] == "p1"


def test_the_answer_names_its_issuer_and_state(flow: Flow) -> None:
    answer = flow.allow()
    assert answer["iss"] == issuer(flow.deployment.pk)
    assert answer["state"] == flow.state


def test_userinfo_tells_what_the_scopes_allow(flow: Flow) -> None:
    tokens = flow.tokens()
    answer = flow.client.get(f"{flow.base}/userinfo", HTTP_AUTHORIZATION=f"Bearer {tokens['access_token']}")
    assert answer.json()["fhirUser"].endswith("/Patient/p1")
    assert "name" not in answer.json()


def test_introspection_tells_a_confidential_application_all(confidential_flow: Flow) -> None:
    flow = confidential_flow
    tokens = flow.tokens()
    answer = flow.post("introspect", token=tokens["access_token"], **flow.identity).json()
    assert answer["active"] is True
    assert answer["patient"] == "p1"
    assert answer["scope"] == tokens["scope"]
    assert flow.post("introspect", token="nonsense", **flow.identity).json() == {"active": False}
    assert flow.post("introspect", token=tokens["refresh_token"], **flow.identity).json()["active"] is True


def test_revoking_either_token_ends_both(flow: Flow) -> None:
    tokens = flow.tokens()
    assert flow.post("revoke", token=tokens["refresh_token"], **flow.identity).status_code == 200
    assert not isinstance(verify(tokens["access_token"], flow.deployment), SignedClaims)
    assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_refusing_goes_back_with_access_denied(flow: Flow) -> None:
    page = flow.to_consent()
    answer = flow.client.post(page, {"decision": "deny"})
    assert "error=access_denied" in answer["Location"]
    assert f"state={flow.state}" in answer["Location"]
