"""What a deployment's settings change at its door."""

import pytest

from deployments.models import Deployment, State
from gateway.endpoints import endpoints
from tests.gateway.conftest import Caller

ORIGIN = "https://app.example"


@pytest.mark.parametrize("allowed", [[], [ORIGIN]])
def test_a_browser_application_reads_answers_only_on_an_allowed_origin(
    full: Caller, deployment: Deployment, allowed: list[str]
) -> None:
    Deployment.objects.update(allowed_origins=allowed)
    endpoints.forget_all()
    response = full("GET", "Patient", origin=ORIGIN)
    assert response.get("Access-Control-Allow-Origin", "") == (ORIGIN if allowed else "")


def test_a_stopped_endpoint_says_why(full: Caller, deployment: Deployment) -> None:
    Deployment.objects.update(state=State.STOPPED, maintenance_message="Back at nine.")
    endpoints.forget_all()
    response = full("GET", "Patient")
    assert response.status_code == 503
    assert "Back at nine." in response.content.decode()  # type: ignore[attr-defined]
