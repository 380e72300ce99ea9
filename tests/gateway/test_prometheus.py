"""The counts for Prometheus: of all deployments behind the operator's token, of one behind a management token."""

from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from deployments.models import Deployment
from gateway.recorder import recorder
from portal.models import Role, User
from portal.services.tokens import create_token
from tests.gateway.conftest import Caller

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def region() -> str:
    """What is counted does not depend on the store."""
    return "region_local"


@pytest.fixture
def counted(full: Caller, nobody: Caller) -> None:
    for _ in range(3):
        full("GET", "Patient/_history")
    recorder.flush()
    nobody("GET", "Patient")
    recorder.flush()


def samples(text: str) -> dict[tuple[str, str], float]:
    """By name and deployment, with the bucket or state where there is one."""
    return {
        (sample.name, sample.labels.get("le", sample.labels.get("state", ""))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_operators_page_needs_its_token(client: Client, settings: Any, counted: None) -> None:
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "open sesame"
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer sésame"}).status_code == 401
    answer = client.get("/metrics", headers={"Authorization": "Bearer open sesame"})
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    found = samples(answer.content.decode())
    assert found["fireside_requests_total", ""] == 4
    assert found["fireside_client_errors_total", ""] == 1
    assert found["fireside_request_duration_seconds_bucket", "+Inf"] == 4
    assert found["fireside_deployment_state", "RUNNING"] == 1


def test_a_team_reads_its_own_deployment(
    client: Client, deployment: Deployment, counted: None, bob: User, charlie: User
) -> None:
    address = f"/api/v1/deployments/{deployment.pk}/metrics/"
    _, stranger = create_token(charlie, "scraper", Role.OWNER, tenant=None, expires=None)
    _, member = create_token(bob, "scraper", Role.READ, tenant=deployment.tenant, expires=None)
    assert client.get(address).status_code == 401
    assert client.get(address, headers={"Authorization": f"Bearer {stranger}"}).status_code == 404
    answer = client.get(address, headers={"Authorization": f"Bearer {member}"})
    assert samples(answer.content.decode())["fireside_requests_total", ""] == 4
    assert deployment.pk in answer.content.decode()


def test_the_metrics_page_tells_credentials_apart(
    client: Client, deployment: Deployment, counted: None, alice: User
) -> None:
    client.force_login(alice)
    page = client.get(f"/deployments/{deployment.pk}/metrics/")
    measured = page.context["measures"].credentials
    uses = [(one.use.kind, one.use.requests, one.use.errors) for one in measured]
    assert uses == [("api-key", 3, 0), ("", 1, 1)]
