"""Launches from a simulated EHR, with the context that was chosen there."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from credentials.models import AuthenticationServer, OAuthApplication
from deployments.models import Deployment
from portal.models import User
from smart.interactions import find_launch
from smart.models import Launch
from smart.protocol.introspection import describe_token
from smart.users import create_user
from tests.smart.conftest import PASSWORD, parameters_of
from tests.smart.launches.launching import (
    EHR_SCOPE,
    ehr_flow,
    launched,
    partition_of,
    put,
    simulate,
    status_at_the_door,
)

pytestmark = pytest.mark.django_db(databases="__all__")


def test_the_token_response_has_the_context_that_was_open(app: OAuthApplication, alice: User) -> None:
    flow = ehr_flow(app)
    consent = flow.client.get(flow.to_consent(launch=launched(app, alice, patient="p2"))).content.decode()
    assert "Oskar Ash" in consent
    tokens = flow.tokens(launch=launched(app, alice, patient="p2", encounter="e-p2"))
    assert tokens["patient"] == "p2"
    assert tokens["encounter"] == "e-p2"
    assert tokens["need_patient_banner"] is True
    assert tokens["id_token"]
    assert set(tokens["scope"].split()) == set(EHR_SCOPE.split())
    assert status_at_the_door(flow, tokens["access_token"], "Patient/p2") == 200
    assert status_at_the_door(flow, tokens["access_token"], "Patient/p1") == 403


def test_an_ehr_launch_as_infernos_kit_asks_for_it(app: OAuthApplication, alice: User) -> None:
    """`smart_ehr_launch_stu2_2` with its default scopes, `smart_openid_fhir_user_claim`, refresh, and introspection of the encounter."""
    app.allowed_scopes += " user/*.rs"
    app.save()
    put(partition_of(app), {"resourceType": "Practitioner", "id": "d1"})
    flow = ehr_flow(app)
    flow.scope = "launch openid fhirUser offline_access user/*.rs"
    tokens = flow.tokens(launch=launched(app, alice, patient="p1", encounter="e-p1"))
    assert (tokens["patient"], tokens["encounter"]) == ("p1", "e-p1")
    assert set(tokens["scope"].split()) == set(flow.scope.split())
    assert status_at_the_door(flow, tokens["access_token"], "Practitioner/d1") == 200
    told = describe_token(tokens["access_token"], app.server)
    assert told is not None
    assert (told["patient"], told["encounter"]) == ("p1", "e-p1")
    fresh = flow.refresh(tokens["refresh_token"]).json()
    assert (fresh["patient"], fresh["encounter"]) == ("p1", "e-p1")


def test_a_practitioner_may_read_who_they_are_by_fhir_user_alone(app: OAuthApplication, alice: User) -> None:
    """The kit reads the fhirUser with the token of a standalone launch that has `patient/` scopes only."""
    for logical_id in ("d1", "d2"):
        put(partition_of(app), {"resourceType": "Practitioner", "id": logical_id})
    flow = ehr_flow(app)
    token = flow.tokens(launch=launched(app, alice, patient="p1"))["access_token"]
    paths = (
        "Practitioner/d1",
        "Practitioner/d1/_history/1",
        "Practitioner/d2",
        "Practitioner?_id=d1",
        "Practitioner/d3",
    )
    assert [status_at_the_door(flow, token, path) for path in paths] == [200, 200, 403, 403, 404]
    without = flow.tokens("launch patient/Patient.rs", launch=launched(app, alice, patient="p1"))[
        "access_token"
    ]
    assert status_at_the_door(flow, without, "Practitioner/d1") == 403


def test_a_launch_without_a_patient_lets_the_person_choose(app: OAuthApplication, alice: User) -> None:
    flow = ehr_flow(app)
    launch = launched(app, alice)
    page = flow.authorize(launch=launch)["Location"]
    page = flow.client.get(page)["Location"]
    assert page.endswith("/patient/")


@pytest.mark.parametrize(
    "chosen",
    [
        {"patient": "missing"},
        {"patient": "p1", "encounter": "e-p2"},
        {"encounter": "e-p1"},
        {"patient": "p1", "fault": "unheard-of"},
    ],
)
def test_a_context_that_makes_no_sense_is_refused_in_the_form(
    app: OAuthApplication, alice: User, chosen: dict[str, str]
) -> None:
    answer = simulate(app, alice, **chosen)
    assert answer.status_code == 422
    assert answer.context["form"].errors
    assert not Launch.objects.exists()


def test_a_launch_opens_no_record_that_the_person_may_not_open(
    app: OAuthApplication, alice: User, deployment: Deployment
) -> None:
    create_user(deployment, username="paula", password=PASSWORD, fhir_user="Patient/p1")
    for username, patient in (("paula", "p2"), ("mother", "p3"), ("father", "p1"), ("nobody", "p1")):
        flow = ehr_flow(app, username)
        launch = launched(app, alice, patient=patient)
        answer = flow.client.get(flow.to_consent(launch=launch))
        assert parameters_of(answer["Location"])["error"] == "access_denied", username
    assert ehr_flow(app, "paula").tokens(launch=launched(app, alice, patient="p1"))["patient"] == "p1"


def test_a_launch_is_for_one_application_and_ten_minutes(
    app: OAuthApplication, alice: User, server: AuthenticationServer
) -> None:
    flow = ehr_flow(app)
    launch = launched(app, alice, patient="p1")
    other = OAuthApplication.objects.create(server=server, name="Other", kind="public")
    assert find_launch(launch, other) is None
    assert parameters_of(flow.authorize(launch="invented")["Location"])["error"] == "invalid_request"
    no_scope = flow.authorize(launch=launch, scope="openid patient/*.rs")
    assert parameters_of(no_scope["Location"])["error"] == "invalid_request"
    Launch.objects.update(created=timezone.now() - timezone.timedelta(minutes=11))
    assert parameters_of(flow.authorize(launch=launch)["Location"])["error"] == "invalid_request"


def test_the_visits_of_the_chosen_patient_are_offered(app: OAuthApplication, alice: User) -> None:
    browser = Client()
    browser.force_login(alice)
    page = reverse("oauth:launch", args=[app.deployment_id, app.pk])
    offered = browser.get(f"{page}?patient=p2").context["form"].fields["encounter"].widget.choices
    assert [value for value, _ in offered] == ["", "e-p2"]
    assert not hasattr(browser.get(page).context["form"].fields["encounter"].widget, "choices")
