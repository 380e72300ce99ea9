"""Launches: from a simulated EHR with chosen context and faults, and standalone with the choice of patient and visit."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from credentials.models import AuthenticationServer, OAuthApplication
from deployments.models import Deployment, Region, State
from fhirserver import engine, partitions
from fhirserver.access import FULL
from fhirserver.http import FhirRequest
from fhirserver.partitions import Partition
from portal.models import Tenant, User
from smart.addresses import fhir_base
from smart.interactions import find_launch
from smart.models import Fault, Launch
from smart.protocol.introspection import describe_token
from smart.users import create_user
from tests.smart.conftest import PASSWORD, Flow, parameters_of

pytestmark = pytest.mark.django_db(databases="__all__")

LAUNCH_URL = "https://app.example/launch"
EHR_SCOPE = "launch openid fhirUser patient/Patient.rs patient/Observation.rs"
RECORDS: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "p1", "name": [{"family": "Ember", "given": ["Paula"]}]},
    {"resourceType": "Patient", "id": "p2", "name": [{"family": "Ash", "given": ["Oskar"]}]},
    {"resourceType": "Patient", "id": "p3", "name": [{"family": "Ash", "given": ["Nora"]}]},
    *(
        {
            "resourceType": "Encounter",
            "id": f"e-{patient}",
            "status": "finished",
            "class": {"code": "AMB"},
            "type": [{"text": "Check-up"}],
            "subject": {"reference": f"Patient/{patient}"},
            "period": {"start": "2026-01-05"},
        }
        for patient in ("p1", "p2")
    ),
    {
        "resourceType": "Person",
        "id": "mother",
        "link": [
            {"target": {"reference": "Patient/p1"}},
            {"target": {"reference": "Patient/p2"}},
            {"target": {"reference": "https://elsewhere.example/r4/Patient/p3"}},
        ],
    },
    {"resourceType": "RelatedPerson", "id": "father", "patient": {"reference": "Patient/p2"}},
]


@pytest.fixture
def deployment(tenant: Tenant, place: Region) -> Deployment:
    partition = partitions.reserve("region_local")
    made = Deployment.objects.create(
        tenant=tenant, name="Ward", size="xl", region=place, state=State.RUNNING, partition=partition.number
    )
    for record in RECORDS:
        _put(partition, record)
    for name, who in (
        ("doctor", "Practitioner/d1"),
        ("mother", "Person/mother"),
        ("father", "RelatedPerson/father"),
        ("nobody", ""),
    ):
        create_user(made, username=name, password=PASSWORD, name=name.title(), fhir_user=who)
    return made


def _put(partition: Partition, resource: dict[str, Any]) -> None:
    path, body = f"{resource['resourceType']}/{resource['id']}", json.dumps(resource).encode()
    headers = {"content-type": "application/fhir+json"}
    answer = engine.respond(FhirRequest("PUT", path, [], headers, body), partition, FULL)
    assert answer.status == 201, answer.body


def _partition(app: OAuthApplication) -> Partition:
    deployment = app.server.deployment
    assert deployment.partition is not None
    return Partition(deployment.region.database, deployment.partition)


@pytest.fixture
def app(public_app: OAuthApplication) -> OAuthApplication:
    public_app.launch_url = LAUNCH_URL
    public_app.allowed_scopes += " launch patient/*.cruds"
    public_app.save()
    return public_app


def simulate(app: OAuthApplication, by: User, **chosen: str) -> Any:
    """What the launch simulator answers."""
    browser = Client()
    browser.force_login(by)
    return browser.post(reverse("oauth:launch", args=[app.deployment_id, app.pk]), chosen)


def launched(app: OAuthApplication, by: User, **chosen: str) -> str:
    address = simulate(app, by, **chosen)["Location"]
    assert address.startswith(LAUNCH_URL)
    sent = parameters_of(address)
    assert sent["iss"] == fhir_base(app.deployment_id)
    return sent["launch"]


def ehr_flow(app: OAuthApplication, username: str = "doctor") -> Flow:
    flow = Flow(Client(), app.server.deployment, app, scope=EHR_SCOPE)
    sign_in(flow, username)
    return flow


def sign_in(flow: Flow, username: str) -> None:
    """In the flow's browser, on the way of a request that is not finished."""
    page = flow.authorize(scope="openid")["Location"]
    page = flow.client.get(page)["Location"]
    answer = flow.client.post(page, {"username": username, "password": PASSWORD})
    assert answer.status_code == 302, answer.content


def status_at_the_door(flow: Flow, token: str, path: str) -> int:
    base = urlsplit(fhir_base(flow.deployment.pk)).path
    headers = {"authorization": f"Bearer {token}"}
    return int(Client().get(f"{base}/{path}", headers=headers).status_code)


# -- from an EHR ------------------------------------------------------------------------------------------------


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
    _put(_partition(app), {"resourceType": "Practitioner", "id": "d1"})
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
        _put(_partition(app), {"resourceType": "Practitioner", "id": logical_id})
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


# -- with a fault -----------------------------------------------------------------------------------------------


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


def test_the_visits_of_the_chosen_patient_are_offered(app: OAuthApplication, alice: User) -> None:
    browser = Client()
    browser.force_login(alice)
    page = reverse("oauth:launch", args=[app.deployment_id, app.pk])
    offered = browser.get(f"{page}?patient=p2").context["form"].fields["encounter"].widget.choices
    assert [value for value, _ in offered] == ["", "e-p2"]
    assert not hasattr(browser.get(page).context["form"].fields["encounter"].widget, "choices")


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


# -- standalone -------------------------------------------------------------------------------------------------


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
