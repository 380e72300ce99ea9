"""Launches with a fault of the simulator: what a correct application sees."""

import pytest
from django.test import Client
from django.urls import reverse

from credentials.models import OAuthApplication
from portal.models import User
from smart.models import Fault
from tests.smart.conftest import Flow
from tests.smart.launches.launching import EHR_SCOPE, ehr_flow, launched, status_at_the_door

pytestmark = pytest.mark.django_db(databases="__all__")


def faulty(app: OAuthApplication, by: User, fault: Fault) -> tuple[Flow, dict[str, str]]:
    """The flow, and what came back to the application."""
    flow = ehr_flow(app)
    return flow, flow.allow(launch=launched(app, by, patient="p1", fault=fault.value))


def test_an_expired_code_is_an_invalid_grant(app: OAuthApplication, alice: User) -> None:
    flow, answer = faulty(app, alice, Fault.EXPIRED_CODE)
    refused = flow.token(answer["code"])
    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("fault", [Fault.WRONG_AUDIENCE, Fault.EXPIRED_TOKEN])
def test_a_token_for_elsewhere_or_of_yesterday_is_refused_at_the_door(
    app: OAuthApplication, alice: User, fault: Fault
) -> None:
    flow, answer = faulty(app, alice, fault)
    token = flow.token(answer["code"]).json()["access_token"]
    assert status_at_the_door(flow, token, "Patient/p1") == 401


def test_an_expired_token_is_mended_by_one_refresh(app: OAuthApplication, alice: User) -> None:
    flow = ehr_flow(app)
    flow.scope = f"{EHR_SCOPE} offline_access"
    answer = flow.allow(launch=launched(app, alice, patient="p1", fault=Fault.EXPIRED_TOKEN.value))
    first = flow.token(answer["code"]).json()
    assert status_at_the_door(flow, first["access_token"], "Patient/p1") == 401
    second = flow.refresh(first["refresh_token"]).json()
    assert status_at_the_door(flow, second["access_token"], "Patient/p1") == 200


def test_the_simulator_tells_of_each_fault_what_a_correct_application_sees(
    app: OAuthApplication, alice: User
) -> None:
    browser = Client()
    browser.force_login(alice)
    shown = browser.get(reverse("oauth:launch", args=[app.deployment_id, app.pk]))
    assert [lesson.fault for lesson in shown.context["lessons"]] == list(Fault)
    assert all(lesson.sees.endswith(".") and lesson.does.endswith(".") for lesson in shown.context["lessons"])


def test_a_denied_scope_is_missing_from_the_answer(app: OAuthApplication, alice: User) -> None:
    flow, answer = faulty(app, alice, Fault.DENIED_SCOPE)
    tokens = flow.token(answer["code"]).json()
    assert "patient/Patient.rs" not in tokens["scope"]
    assert "patient/Observation.rs" in tokens["scope"]
    assert status_at_the_door(flow, tokens["access_token"], "Patient/p1") == 403


def test_a_bad_state_comes_back_changed(app: OAuthApplication, alice: User) -> None:
    flow, answer = faulty(app, alice, Fault.BAD_STATE)
    assert answer["state"] != flow.state


def test_a_launch_without_a_fault_comes_back_with_its_state(app: OAuthApplication, alice: User) -> None:
    flow, answer = faulty(app, alice, Fault.NONE)
    assert answer["state"] == flow.state
