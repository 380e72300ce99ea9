"""Connected servers: one deployment's endpoint as the upstream of another, over real HTTP."""

import json
from typing import Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from credentials.access import FULL, READ_ONLY, chosen
from credentials.models import ApplicationKind
from credentials.services import create_api_key
from deployments import job_runner
from deployments.models import Deployment, State
from deployments.services import create_deployment
from fhirserver.access import AccessGrant, Permission
from gateway.endpoints import endpoints
from gateway.explaining import explain
from gateway.inbound import read_inbound
from gateway.models import RequestLog
from gateway.reach import refuse_unenforceable
from gateway.recorder import recorder
from portal.models import User
from portal.secrets import encrypt
from portal.subscriptions import subscribe
from smart.applications import Registration, create_application
from smart.servers import integrated_server
from tests.gateway.conftest import caller_of
from tests.gateway.scoped import Token, token_for
from tests.gateway.test_door import PATIENT

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
def region() -> str:
    return "region_local"


@pytest.fixture
def connected(deployment: Deployment, live_server: LiveServer, settings: Settings) -> Deployment:
    """A deployment without data of its own, whose upstream is `deployment`."""
    settings.OUTBOUND_ALLOWED = ["localhost", "127.0.0.1"]
    settings.PUBLIC_URL = live_server.url
    _, key = create_api_key(deployment, name="For the connection", access=FULL, by=None)
    return Deployment.objects.create(
        tenant=deployment.tenant,
        name="Connected",
        size="m",
        region=deployment.region,
        state=State.RUNNING,
        upstream=f"{live_server.url}/fhir/{deployment.pk}/r4",
        upstream_credential=encrypt(f"x-api-key: {key}"),
    )


def content(response: Any) -> bytes:
    return b"".join(response) if response.streaming else response.content


def test_requests_go_through_and_links_lead_back_through_the_door(
    connected: Deployment, deployment: Deployment
) -> None:
    caller = caller_of(connected, FULL)
    created = caller("POST", "Patient", PATIENT)
    assert created.status_code == 201, content(created)
    assert f"/fhir/{connected.pk}/r4/Patient/" in created["Location"]
    path = created["Location"].split("/r4/")[1]
    read = caller("GET", path)
    assert json.loads(content(read))["gender"] == "male"
    assert read["ETag"] == 'W/"1"'
    history = content(caller("GET", "Patient/_history")).decode()
    assert f"/fhir/{connected.pk}/r4/" in history
    assert deployment.pk not in history


def test_metadata_of_the_upstream_is_open(connected: Deployment) -> None:
    found = caller_of(connected, None)("GET", "metadata")
    assert found.status_code == 200
    assert json.loads(content(found))["resourceType"] == "CapabilityStatement"


def test_our_keys_hold(connected: Deployment) -> None:
    assert caller_of(connected, None)("GET", "Patient/1").status_code == 401
    assert caller_of(connected, READ_ONLY)("POST", "Patient", PATIENT).status_code == 403
    some = caller_of(connected, chosen({"Patient": "rs"}))
    assert some("GET", "Patient/_history").status_code == 200
    assert some("GET", "Observation/1").status_code == 403
    assert some("POST", "", '{"resourceType":"Bundle"}').status_code == 403


def test_a_confined_token_is_refused_and_the_denial_says_that_it_cannot_be_enforced(
    connected: Deployment,
) -> None:
    asked = Registration(
        "App", ApplicationKind.PUBLIC, ["https://app.example/cb"], allowed_scopes="patient/*.rs"
    )
    application, _ = create_application(integrated_server(connected), asked, by=None)
    token = token_for(application, connected, "patient/*.rs", "Patient/p1", "p1")
    caller = caller_of(connected, None)
    refused = Token(caller.client, caller.base, token)("GET", "Patient/p1")
    assert refused.status_code == 403
    recorder.flush()
    line = RequestLog.objects.latest("pk")
    assert [claim["name"] for claim in line.checked_claims() if not claim["passed"]] == ["connected server"]
    explanation = explain(line)
    assert explanation is not None
    assert "cannot be confined from here" in explanation.mend
    assert explanation.smallest == ""


@pytest.mark.parametrize("path", ["../../../auth/x", "Patient/../../x", "%2e%2e/x", "a\\b"])
def test_no_path_leaves_the_upstreams_base(connected: Deployment, path: str) -> None:
    assert caller_of(connected, FULL)("GET", path).status_code == 404


def test_a_private_upstream_is_refused_unless_the_operator_allows_it(
    connected: Deployment, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOWED = []
    refused = caller_of(connected, FULL)("GET", "Patient/1")
    assert refused.status_code == 502
    assert "private address" in json.loads(content(refused))["issue"][0]["diagnostics"]


def test_a_credential_that_the_upstream_refuses_is_our_fault_not_the_callers(connected: Deployment) -> None:
    Deployment.objects.filter(pk=connected.pk).update(upstream_credential=encrypt("x-api-key: wrong"))
    endpoints.forget_all()
    refused = caller_of(connected, FULL)("GET", "Patient/1")
    assert refused.status_code == 502


def test_a_connection_that_fails_is_502(connected: Deployment) -> None:
    Deployment.objects.filter(pk=connected.pk).update(upstream="http://127.0.0.1:1/r4")
    endpoints.forget_all()
    assert caller_of(connected, FULL)("GET", "Patient/1").status_code == 502


def test_a_connected_server_is_provisioned_by_checking_it_through_the_door(
    deployment: Deployment, live_server: LiveServer, settings: Settings, alice: User
) -> None:
    settings.OUTBOUND_ALLOWED = ["localhost", "127.0.0.1"]
    subscribe(deployment.tenant, actor=alice)
    made = create_deployment(
        tenant=deployment.tenant,
        by=alice,
        name="Ours",
        region=deployment.region,
        size="xs",
        upstream=f"{live_server.url}/fhir/{deployment.pk}/r4/",
    )
    job_runner.run(made.jobs.get().pk)
    made.refresh_from_db()
    assert (made.state, made.state_reason, made.partition) == (State.RUNNING, "", None)


CONFINED = AccessGrant((Permission("*", frozenset("cruds"), ("Patient", "p1")),))
SOME = AccessGrant((Permission("Patient", frozenset("rs")),))
READ = AccessGrant((Permission("*", frozenset("rs")),))


@pytest.mark.parametrize(
    ("grant", "method", "path", "query", "passes"),
    [
        (CONFINED, "GET", "Patient/p1", "", False),
        (CONFINED, "GET", "metadata", "", True),
        (SOME, "GET", "Patient", "name=x", True),
        (SOME, "GET", "Patient", "_revinclude=Observation:patient", False),
        (SOME, "GET", "Patient", "_has:Observation:patient:code=x", False),
        (SOME, "GET", "Patient", "general-practitioner.name=x", False),
        (SOME, "POST", "Patient/_search", "", True),
        (SOME, "GET", "Patient/1/$everything", "", False),
        (SOME, "GET", "_history", "", False),
        (READ, "GET", "Patient/1/$everything", "", True),
        (READ, "GET", "Patient", "_include=*", True),
        (READ, "POST", "$process", "", False),
        (READ, "POST", "", "", False),
        (READ, "DELETE", "Patient/1", "", False),
    ],
)
def test_only_what_a_grant_covers_whole_is_sent_on(
    grant: AccessGrant, method: str, path: str, query: str, passes: bool
) -> None:
    request = read_inbound(
        {"REQUEST_METHOD": method, "PATH_INFO": f"/fhir/aaaaaaaaaaaa/r4/{path}", "QUERY_STRING": query}
    )
    assert request is not None
    refused = refuse_unenforceable(request, b"", grant)
    assert (refused is None) == passes
