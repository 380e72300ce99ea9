"""Inferno's SMART App Launch STU 2.2 kit: each item of its public lists that a server alone can answer, by its id.

Items that need a person (redirect, launch received) are run by the flow of `tests/smart/conftest.py`; those of metadata are in
`tests/gateway/test_transport.py`, and the EHR launch itself in `tests/smart/launches`.
"""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from credentials.models import ApplicationKind
from smart.addresses import fhir_base
from smart.applications import Registration, create_application
from smart.protocol.client_authentication import ASSERTION_TYPE
from tests.smart.conftest import Flow, parameters_of

KEY = RSAKey.generate_key(2048, parameters={"kid": "inferno"})
ORIGIN = "https://app.example"


@dataclass
class Run:
    """What the kit has in its hands after a standalone launch by a confidential application."""

    flow: Flow
    smart: Any
    openid: Any
    keys: Any
    redirect: dict[str, str]
    token: Any
    service: Flow

    @property
    def body(self) -> Any:
        return self.token.json()

    @property
    def id_claims(self) -> dict[str, Any]:
        return dict(
            jwt.decode(self.body["id_token"], KeySet.import_key_set(self.keys), algorithms=["RS256"]).claims
        )

    def backend(self, **changes: str) -> Any:
        client_id = self.service.application.client_id
        now = int(time.time())
        claims = {"iss": client_id, "sub": client_id, "aud": self.smart["token_endpoint"], "exp": now + 240}
        claims |= {"jti": f"{time.time_ns()}"} | {
            name: changes.pop(name) for name in ("iss",) if name in changes
        }
        sent = {
            "grant_type": "client_credentials",
            "scope": "system/Patient.rs",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": jwt.encode(
                {"alg": "RS384", "kid": "inferno"}, claims, KEY, algorithms=["RS384"]
            ),
        }
        return self.service.post("token", **sent | changes)

    def at_the_door(self, path: str = "Patient/p1") -> Any:
        headers = {"origin": ORIGIN, "authorization": f"Bearer {self.body['access_token']}"}
        return Client(headers=headers).get(f"/fhir/{self.flow.deployment.pk}/r4/{path}")

    def introspect(self, token: str) -> Any:
        return self.flow.post("introspect", token=token, **self.flow.identity).json()


@pytest.fixture
def run(confidential_flow: Flow) -> Run:
    flow, server = confidential_flow, confidential_flow.application.server
    asked = Registration(
        "Bulk",
        ApplicationKind.BACKEND,
        jwks={"keys": [KEY.as_dict(private=False)]},
        allowed_scopes="system/Patient.rs",
    )
    service = Flow(Client(), flow.deployment, create_application(server, asked, by=None)[0])
    read = Client(headers={"origin": ORIGIN}).get
    smart = read(f"/fhir/{flow.deployment.pk}/r4/.well-known/smart-configuration")
    assert smart["Access-Control-Allow-Origin"] in ("*", ORIGIN)
    redirect = flow.allow()
    sent = {"grant_type": "authorization_code", "code": redirect["code"], "code_verifier": flow.verifier}
    sent |= {"redirect_uri": flow.parameters()["redirect_uri"], **flow.identity}
    token = Client(headers={"origin": ORIGIN}).post(f"{flow.base}/token", sent)
    return Run(
        flow,
        smart.json(),
        read(f"{flow.base}/.well-known/openid-configuration").json(),
        read(f"{flow.base}/jwks").json(),
        redirect,
        token,
        service,
    )


def _has(document: dict[str, Any], **kinds: type) -> bool:
    return all(isinstance(document.get(name), kind) and document[name] for name, kind in kinds.items())


def _has_required_smart_fields(run: Run) -> bool:
    methods = run.smart["code_challenge_methods_supported"]
    return (
        _has(
            run.smart,
            authorization_endpoint=str,
            token_endpoint=str,
            capabilities=list,
            issuer=str,
            jwks_uri=str,
        )
        and {"authorization_code", "client_credentials"} <= set(run.smart["grant_types_supported"])
        and "S256" in methods
        and "plain" not in methods
        and all(isinstance(one, str) for one in run.smart["capabilities"])
    )


def _is_token_body(body: dict[str, Any]) -> bool:
    return (
        _has(body, access_token=str, token_type=str, expires_in=int, scope=str)
        and body["token_type"].lower() == "bearer"
        and isinstance(body.get("patient", ""), str)
        and isinstance(body.get("need_patient_banner", True), bool)
    )


def _is_not_stored(answer: Any) -> bool:
    return "no-store" in answer["Cache-Control"] and "no-cache" in answer["Pragma"]


def _refreshes(run: Run, scope: str | None) -> bool:
    answer = run.flow.refresh(run.body["refresh_token"], scope=scope)
    body = answer.json()
    within = set(body["scope"].split()) <= set(run.body["scope"].split())
    return answer.status_code == 200 and _is_token_body(body) and _is_not_stored(answer) and within


def _header_names_a_published_key(run: Run) -> bool:
    part = run.body["id_token"].split(".")[0]
    header = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return header["alg"] == "RS256" and header["kid"] in [key["kid"] for key in run.keys["keys"]]


def _has_right_payload(run: Run) -> bool:
    claims = run.id_claims
    return (
        claims["iss"] == run.openid["issuer"]
        and run.flow.application.client_id in claims["aud"]
        and claims["exp"] > time.time() >= claims["iat"] - 1
        and 0 < len(claims["sub"]) < 256
    )


def _introspects(run: Run) -> bool:
    told, claims = run.introspect(run.body["access_token"]), run.id_claims
    return (
        told["active"] is True
        and told["client_id"] == run.flow.application.client_id
        and sorted(told["scope"].split()) == sorted(run.body["scope"].split())
        and isinstance(told["exp"], int)
        and told["patient"] == run.body["patient"]
        and (told["iss"], told["sub"], told["fhirUser"]) == (claims["iss"], claims["sub"], claims["fhirUser"])
    )


ITEMS: dict[str, Callable[[Run], bool]] = {
    "well_known_endpoint": lambda run: bool(run.smart),
    "well_known_capabilities_stu2": _has_required_smart_fields,
    "smart_code_received": lambda run: run.redirect["state"] == run.flow.state and "code" in run.redirect,
    "smart_token_exchange_stu2": lambda run: run.token.status_code == 200,
    "smart_cors_token_exchange": lambda run: run.token["Access-Control-Allow-Origin"] == ORIGIN,
    "smart_token_response_body": lambda run: _is_token_body(run.body),
    "smart_token_response_headers": lambda run: _is_not_stored(run.token),
    "smart_token_refresh_with_scopes": lambda run: _refreshes(run, run.body["scope"]),
    "smart_token_refresh_without_scopes": lambda run: _refreshes(run, None),
    "smart_openid_decode_id_token": lambda run: bool(run.id_claims),
    "smart_openid_retrieve_configuration": lambda run: run.openid["issuer"] == run.smart["issuer"],
    "smart_openid_required_configuration_fields": lambda run: (
        _has(
            run.openid,
            authorization_endpoint=str,
            token_endpoint=str,
            jwks_uri=str,
            response_types_supported=list,
        )
        and _has(run.openid, subject_types_supported=list)
        and "RS256" in run.openid["id_token_signing_alg_values_supported"]
    ),
    "smart_openid_retrieve_jwks": lambda run: bool(run.keys["keys"]),
    "smart_openid_token_header": _header_names_a_published_key,
    "smart_openid_token_payload": _has_right_payload,
    "smart_openid_fhir_user_claim": lambda run: (
        run.id_claims["fhirUser"] == f"{fhir_base(run.flow.deployment.pk)}/Patient/p1"
    ),
    "smart_cors_openid_fhir_user_claim": lambda run: (
        run.at_the_door()["Access-Control-Allow-Origin"] == ORIGIN
    ),
    "smart_cors_metadata_request": lambda run: (
        run.at_the_door("metadata")["Access-Control-Allow-Origin"] == "*"
    ),
    "smart_cors_well_known_endpoint": lambda run: (
        run.at_the_door(".well-known/smart-configuration")["Access-Control-Allow-Origin"] == "*"
    ),
    "smart_backend_services_invalid_grant_type": lambda run: (
        run.backend(grant_type="not_a_grant_type").status_code == 400
    ),
    "smart_backend_services_invalid_client_assertion": lambda run: (
        run.backend(client_assertion_type="not_an_assertion_type").status_code == 400
    ),
    "smart_backend_services_invalid_jwt": lambda run: (
        run.backend(iss="not_a_valid_iss").status_code in (400, 401)
    ),
    "smart_backend_services_auth_request_success": lambda run: run.backend().status_code == 200,
    "smart_backend_services_auth_response_body": lambda run: _is_token_body(run.backend().json()),
    "smart_token_introspection_response_group-Test01": _introspects,
    "smart_token_introspection_response_group-Test02": lambda run: (
        run.introspect("invalid") == {"active": False}
    ),
}


@pytest.mark.parametrize("item", ITEMS)
def test_an_item_of_infernos_list_passes(item: str, run: Run) -> None:
    assert run.token.status_code == 200, run.token.content
    assert ITEMS[item](run)


def test_a_wrong_audience_never_reaches_consent(flow: Flow) -> None:
    """`smart_invalid_aud_group`, and `smart_invalid_pkce_group` for a challenge by another method."""
    for changes in ({"aud": "https://elsewhere.example/r4"}, {"code_challenge_method": "plain"}):
        assert parameters_of(flow.authorize(**changes)["Location"])["error"] == "invalid_request"
