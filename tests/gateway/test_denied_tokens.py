"""Bearer tokens refused over HTTP, each for one reason: the denial page names the one check that failed, and what to do."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from credentials.models import OAuthApplication, ServerUser
from deployments.models import Deployment, Region, State
from fhirserver import partitions
from gateway.models import RequestLog
from gateway.recorder import recorder
from gateway.tokens import represented_by
from portal.models import Tenant, User
from smart.models import Authorization, Fault
from smart.protocol.redemption import revoke
from smart.scopes import read_scopes
from smart.servers import integrated_server
from smart.tokens import forget_verified_tokens, sign_access_token
from tests.gateway.conftest import Caller
from tests.gateway.scoped import LABORATORY, Bearer, Token, observation, store

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def region() -> str:
    """What is explained does not depend on the store."""
    return "region_local"


@pytest.fixture
def look(deployment: Deployment, alice: User) -> Callable[[Any, int], dict[str, Any]]:
    """What the denial page of an answer says: its text, the failed checks and those that passed."""
    browser = Client()
    browser.force_login(alice)

    def shown(answer: Any, status: int) -> dict[str, Any]:
        assert answer.status_code == status, answer.content
        recorder.flush()
        line = RequestLog.objects.latest("pk")
        page = browser.get(reverse("logs:trace", args=[deployment.pk, line.trace_id]))
        claims = line.checked_claims()
        return {
            "page": page.content.decode(),
            "mend": page.context["explanation"].mend,
            "smallest": page.context["explanation"].smallest,
            "failed": [claim["name"] for claim in claims if not claim["passed"]],
            "passed": [claim["name"] for claim in claims if claim["passed"]],
            "told": [f"{claim['expected']} / {claim['received']}" for claim in claims if not claim["passed"]],
        }

    return shown


Look = Callable[[Any, int], dict[str, Any]]

# -- the token itself -------------------------------------------------------------------------------------------


def _faulty(fault: Fault) -> Callable[[Token], None]:
    def change(token: Token) -> None:
        authorization = Authorization.objects.latest("created")
        authorization.fault = fault
        authorization.save()
        token.key = sign_access_token(authorization, read_scopes("patient/*.rs"), 600)

    return change


def _revoked(_: Token) -> None:
    revoke(Authorization.objects.latest("created"), "a test")


def _forged(token: Token) -> None:
    head, payload, signature = token.key.split(".")
    token.key = ".".join(
        [head, payload, signature[:-6] + ("AAAAAA" if signature[-6:] != "AAAAAA" else "BBBBBB")]
    )


def _application_off(_: Token) -> None:
    OAuthApplication.objects.update(enabled=False)


def _user_off(_: Token) -> None:
    ServerUser.objects.update(enabled=False)


def _server_off(_: Token) -> None:
    integrated = OAuthApplication.objects.get().server
    integrated.enabled = False
    integrated.save()


TOKENS: dict[str, tuple[Callable[[Token], None], str, str]] = {
    "expired": (_faulty(Fault.EXPIRED_TOKEN), "exp", "Refresh the token"),
    "wrong audience": (_faulty(Fault.WRONG_AUDIENCE), "aud", "FHIR base as aud"),
    "revoked": (_revoked, "revocation", "Sign in again"),
    "forged": (_forged, "signature", "Get a new token"),
    "disabled application": (_application_off, "client_id", "switch it on"),
    "disabled user": (_user_off, "sub", "Switch the user on"),
    "disabled server": (_server_off, "server", "Switch the authentication server on"),
}


@pytest.mark.parametrize("name", TOKENS)
def test_a_refused_token_is_explained_by_the_one_check_that_failed(
    name: str, bearer: Bearer, look: Look
) -> None:
    change, check, mend = TOKENS[name]
    token = bearer("patient/*.rs")
    change(token)
    forget_verified_tokens()
    found = look(token("GET", "Patient/p1"), 401)
    assert found["failed"] == [check]
    assert mend in found["mend"]
    assert mend in found["page"]
    assert token.key not in found["page"]


def test_the_token_of_another_deployment_is_of_an_unknown_issuer(
    deployment: Deployment, tenant: Tenant, nobody: Caller, look: Look
) -> None:
    other = Deployment.objects.create(
        tenant=tenant,
        name="Other",
        state=State.RUNNING,
        size="xl",
        region=Region.objects.get(name="region_local"),
        partition=partitions.reserve("region_local").number,
    )
    application = OAuthApplication.objects.create(server=integrated_server(other), name="App", kind="backend")
    authorization = Authorization.objects.create(application=application, scopes="system/*.rs")
    key = sign_access_token(authorization, read_scopes("system/*.rs"), 600)
    found = look(Token(nobody.client, nobody.base, key)("GET", "Patient"), 401)
    assert found["failed"] == ["iss"]
    assert "Get the token from an authentication server" in found["page"]


# -- what it reaches --------------------------------------------------------------------------------------------


def _put(patient: str, logical_id: str, **more: Any) -> tuple[str, str, str]:
    return "PUT", f"Observation/{logical_id}", json.dumps(observation(patient, id=logical_id, **more))


REACHES: dict[str, tuple[tuple[str, str, str], tuple[str, ...], str, str, str]] = {
    # name: ((scopes, fhirUser, patient), request, the failed check, what to do, the smallest right)
    "missing scope": (
        ("patient/Patient.rs", "Patient/p1", "p1"),
        ("GET", "Observation?_count=1"),
        "scope",
        "search Observation. Ask for it",
        "patient/Observation.s",
    ),
    "no scope at all": (
        ("openid", "Patient/p1", "p1"),
        ("GET", "Patient/p1"),
        "scope",
        "read Patient",
        "patient/Patient.r",
    ),
    "a person with system scopes": (
        ("system/*.rs", "Patient/p1", "p1"),
        ("GET", "Patient/p1"),
        "scope",
        "read Patient",
        "",
    ),
    "outside the compartment": (
        ("patient/*.rs", "Patient/p1", "p1"),
        ("GET", "Observation/o3"),
        "compartment",
        "Launch with the other patient",
        "user/Observation.r",
    ),
    "outside the records of the person": (
        ("user/*.rs", "Patient/p1", "p1"),
        ("GET", "Patient/p2"),
        "compartment",
        "Launch with the other patient",
        "",
    ),
    "restriction": (
        ("patient/Observation.rs?category=laboratory", "Patient/p1", "p1"),
        ("GET", "Observation/o1"),
        "restriction",
        "without its search",
        "patient/Observation.r",
    ),
    "write outside the restriction": (
        ("patient/Observation.cruds?category=laboratory", "Patient/p1", "p1"),
        _put("p1", "o1", category=[LABORATORY]),
        "restriction",
        "without its search",
        "patient/Observation.u",
    ),
    "another patient's record too": (
        ("patient/*.cruds", "Patient/p1", "p1"),
        _put("p1", "o1", performer=[{"reference": "Patient/p2"}]),
        "other patient",
        "Leave the references",
        "",
    ),
    "no patient in context": (
        ("patient/*.rs", "Practitioner/dr", ""),
        ("GET", "Patient/p1"),
        "patient",
        "launch/patient",
        "",
    ),
    "no linked person": (("user/*.rs", "", ""), ("GET", "Patient/p1"), "fhirUser", "Link the user", ""),
}


@pytest.mark.parametrize("name", REACHES)
def test_a_refused_request_is_explained_by_the_one_check_that_failed(
    name: str, full: Caller, bearer: Bearer, look: Look
) -> None:
    store(full)
    represented_by.forget_all()
    granted, (method, path, *body), check, mend, smallest = REACHES[name]
    found = look(bearer(*granted)(method, path, *body), 403)
    assert found["failed"] == [check], found["told"]
    assert "iss" in found["passed"]
    assert mend in found["mend"]
    assert mend in found["page"]
    if smallest:
        assert found["smallest"] == smallest


def test_a_keys_denial_names_what_it_lacks(reader: Caller, look: Look) -> None:
    found = look(reader("DELETE", "Patient/p1"), 403)
    assert found["failed"] == ["access"]
    assert found["told"] == ["Patient.d / Read only"]
    assert found["smallest"] == "Patient.d"
