"""Standalone launches, with the choice of patient and visit."""

import pytest
from django.test import Client

from credentials.models import OAuthApplication
from tests.smart.conftest import Flow, parameters_of
from tests.smart.launches.launching import sign_in

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def standalone(app: OAuthApplication) -> Flow:
    return Flow(
        Client(), app.server.deployment, app, scope="launch/patient launch/encounter patient/Patient.rs"
    )


def page_after_sign_in(flow: Flow, username: str) -> str:
    sign_in(flow, username)
    page = flow.authorize()["Location"]
    return str(flow.client.get(page)["Location"])


def test_a_clinician_finds_a_patient_and_a_visit_by_search(standalone: Flow) -> None:
    page = page_after_sign_in(standalone, "doctor")
    assert page.endswith("/patient/")
    shown = standalone.client.get(f"{page}?name=ash")
    assert {one.logical_id for one in shown.context["choices"].found} == {"p2", "p3"}
    assert [one.title for one in standalone.client.get(f"{page}?name=p1").context["choices"].found] == [
        "Paula Ember"
    ]
    page = standalone.client.post(page, {"patient": "p2"})["Location"]
    assert page.endswith("/encounter/")
    assert [one.logical_id for one in standalone.client.get(page).context["choices"]] == ["e-p2"]
    page = standalone.client.post(page, {"encounter": "e-p2"})["Location"]
    shown = standalone.client.get(page)
    assert "Oskar Ash" in shown.content.decode()
    answer = standalone.client.post(page, {"decision": "allow", "scope": shown.context["asked"]})
    tokens = standalone.token(parameters_of(answer["Location"])["code"]).json()
    assert (tokens["patient"], tokens["encounter"]) == ("p2", "e-p2")


def test_a_visit_of_another_patient_is_not_taken(standalone: Flow) -> None:
    page = page_after_sign_in(standalone, "doctor")
    page = standalone.client.post(page, {"patient": "p2"})["Location"]
    page = standalone.client.post(page, {"encounter": "e-p1"})["Location"]
    shown = standalone.client.get(page)
    answer = standalone.client.post(page, {"decision": "allow", "scope": shown.context["asked"]})
    assert "encounter" not in standalone.token(parameters_of(answer["Location"])["code"]).json()


def test_a_person_chooses_among_those_they_are_linked_to(standalone: Flow) -> None:
    page = page_after_sign_in(standalone, "mother")
    shown = standalone.client.get(f"{page}?name=nora")
    assert {one.logical_id for one in shown.context["choices"].found} == {"p1", "p2"}
    refused = standalone.client.post(page, {"patient": "p3"})
    assert refused.status_code == 200
    assert "Choose one of the patients below." in refused.content.decode()
    assert standalone.client.post(page, {"patient": "p1"}).status_code == 302


def test_a_related_person_need_not_choose(standalone: Flow) -> None:
    page = page_after_sign_in(standalone, "father")
    assert standalone.client.get(page)["Location"].endswith("/encounter/")


def test_a_user_without_a_record_is_told_whom_to_ask(standalone: Flow) -> None:
    page = page_after_sign_in(standalone, "nobody")
    shown = standalone.client.get(page).content.decode()
    assert "no patient whose record you may open" in shown
    assert standalone.client.post(page, {"patient": "p1"}).status_code == 200
