"""What a deployment's settings change at its door."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from deployments.models import Deployment, State
from deployments.services import change_limits
from gateway.endpoints import endpoints
from gateway.limits import current_second
from portal.models import User
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


def test_a_limit_of_its_own_holds_below_that_of_the_size(
    full: Caller, deployment: Deployment, alice: User
) -> None:
    change_limits(deployment, 2, None, by=alice)
    endpoints.forget_all()
    current_second.forget()
    answers = [full("GET", "Patient") for _ in range(6)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert "This deployment allows 2 requests a second." in refused[0].content.decode()  # type: ignore[attr-defined]


def test_a_body_larger_than_the_deployment_takes_is_refused(
    full: Caller, deployment: Deployment, alice: User
) -> None:
    person = json.dumps({"resourceType": "Person", "name": [{"text": "x" * 600}]})
    assert full("POST", "Person", person).status_code == 201
    change_limits(deployment, None, 500, by=alice)
    endpoints.forget_all()
    assert full("POST", "Person", person).status_code == 413
    assert full("POST", "Person", '{"resourceType": "Person"}').status_code == 201
    chosen = {"resourceType": "Parameters", "parameter": [{"name": "_type", "valueString": "Patient"}] * 20}
    started = full("POST", "$export", json.dumps(chosen), prefer="respond-async")
    assert started.status_code == 413


def test_limits_are_never_above_those_of_the_size(deployment: Deployment, alice: User) -> None:
    Deployment.objects.update(size="xs")
    deployment.refresh_from_db()
    with pytest.raises(ValidationError, match="Give 1 to 50"):
        change_limits(deployment, 51, None, by=alice)
    with pytest.raises(ValidationError, match="this installation takes no more"):
        change_limits(deployment, None, 50_000_001, by=alice)


def test_limits_are_set_on_the_settings_page(client: Client, deployment: Deployment, alice: User) -> None:
    client.force_login(alice)
    path = f"/deployments/{deployment.pk}/limits/"
    assert client.post(path, {"requests_per_second": "50000"}).status_code == 400
    assert client.post(path, {"requests_per_second": "7", "largest_body": "0.5"}).status_code == 302
    deployment.refresh_from_db()
    assert (deployment.requests_per_second, deployment.largest_body) == (7, 500_000)
    assert 'value="0.5' in client.get(f"/deployments/{deployment.pk}/settings/").content.decode()
