"""Each page and action of a deployment, for each kind of visitor."""

import pytest
from django.test import Client

from deployments.models import Deployment, State
from portal.models import Membership, Role, Tenant, User
from portal.subscriptions import start_trial

MATRIX = [
    # method, path below the deployment, the role it needs
    ("get", "", Role.READ),
    ("get", "settings/", Role.ADMIN),
    ("get", "compare/", Role.READ),
    ("post", "start/", Role.WRITE),
    ("post", "stop/", Role.WRITE),
    ("post", "retry/", Role.WRITE),
    ("post", "service-level/", Role.ADMIN),
    ("post", "size/", Role.ADMIN),
    ("post", "access/", Role.ADMIN),
    ("post", "delete/", Role.ADMIN),
    ("post", "jobs/1/cancel/", Role.WRITE),
]
ALLOWED = {200, 302, 400, 404}


def _path(deployment: Deployment, below: str) -> str:
    return f"/deployments/{deployment.pk}/{below}"


@pytest.mark.parametrize(("method", "below", "role"), MATRIX)
def test_an_anonymous_visitor_is_sent_to_sign_in(
    client: Client, deployment: Deployment, method: str, below: str, role: Role
) -> None:
    response = getattr(client, method)(_path(deployment, below))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(("method", "below", "role"), MATRIX)
def test_a_stranger_finds_nothing(
    client: Client, deployment: Deployment, charlie: User, method: str, below: str, role: Role
) -> None:
    client.force_login(charlie)
    assert getattr(client, method)(_path(deployment, below)).status_code == 404


@pytest.mark.parametrize("has", [Role.READ, Role.WRITE, Role.ADMIN, Role.OWNER])
@pytest.mark.parametrize(("method", "below", "role"), MATRIX)
def test_a_member_may_do_what_the_role_allows(
    client: Client, deployment: Deployment, bob: User, method: str, below: str, role: Role, has: Role
) -> None:
    Membership.objects.filter(user=bob).update(role=has)
    client.force_login(bob)
    status = getattr(client, method)(_path(deployment, below)).status_code
    if has < role:
        assert status == 403
    else:
        # 404 only for the job that does not exist.
        assert status in ALLOWED - ({404} if "jobs" not in below else set())


@pytest.mark.parametrize("state", list(State))
def test_the_list_and_the_overview_show_every_state(
    client: Client, deployment: Deployment, alice: User, state: State
) -> None:
    Deployment.objects.update(state=state, state_reason="The disk is full." if state == State.FAILED else "")
    client.force_login(alice)
    cards = client.get("/deployments/").content.decode()
    overview = client.get(_path(deployment, "")).content.decode()
    assert state.label in cards
    assert state.label in overview
    assert ("The disk is full." in overview) == (state == State.FAILED)
    assert f"/fhir/{deployment.pk}/r4" in overview


def test_the_list_shows_only_the_current_tenants_deployments(
    client: Client, deployment: Deployment, charlie: User
) -> None:
    client.force_login(charlie)
    assert deployment.name not in client.get("/deployments/").content.decode()


def test_polling_stops_when_the_work_has_ended(client: Client, deployment: Deployment, alice: User) -> None:
    client.force_login(alice)
    assert 'hx-trigger="load delay:1s"' in client.get(_path(deployment, "")).content.decode()
    Deployment.objects.update(state=State.RUNNING)
    assert "hx-trigger" not in client.get(_path(deployment, "")).content.decode()


def test_a_wrong_name_deletes_nothing_and_says_so(
    client: Client, deployment: Deployment, alice: User
) -> None:
    Deployment.objects.update(state=State.RUNNING)
    client.force_login(alice)
    response = client.post(_path(deployment, "delete/"), {"name": "Ward 8"})
    assert response.status_code == 400
    assert "This is not the name." in response.content.decode()
    deployment.refresh_from_db()
    assert deployment.state == State.RUNNING


@pytest.mark.parametrize("deployments", [1, 6])
def test_the_list_asks_the_same_number_of_queries_however_many_there_are(
    client: Client,
    deployment: Deployment,
    tenant: Tenant,
    alice: User,
    deployments: int,
    django_assert_max_num_queries: pytest.FixtureRequest,
) -> None:
    for number in range(deployments - 1):
        Deployment.objects.create(tenant=tenant, name=f"n{number}", region=deployment.region, size="xs")
    client.force_login(alice)
    client.get("/deployments/")
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        client.get("/deployments/")


def _walk(client: Client) -> str:
    """Through the wizard as a person would; returns the new deployment's address."""
    assert client.get("/deployments/new/")["Location"] == "/deployments/new/options/"
    options = client.post("/deployments/new/options/", {"size": "xs", "preset": "synthea-5"})
    assert options["Location"] == "/deployments/new/cloud/"
    cloud = client.post("/deployments/new/cloud/", {"region": "local"})
    assert cloud["Location"] == "/deployments/new/name/"
    name = client.post("/deployments/new/name/", {"name": "Ward 7", "service_level": "test"})
    assert name["Location"] == "/deployments/new/review/"
    review = client.get("/deployments/new/review/").content.decode()
    assert "Extra Small" in review
    assert "5 synthetic patients" in review
    return client.post("/deployments/new/review/")["Location"]


def test_the_wizard_creates_what_was_reviewed(client: Client, tenant: Tenant, alice: User) -> None:
    start_trial(tenant, actor=alice)
    client.force_login(alice)
    address = _walk(client)
    deployment = Deployment.objects.get()
    assert address == f"/deployments/{deployment.pk}/"
    assert (deployment.name, deployment.size, deployment.preloaded_data, deployment.service_level) == (
        "Ward 7",
        "xs",
        "synthea-5",
        "test",
    )
    assert client.get("/deployments/new/").status_code == 200  # the trial allows no second one


def test_a_step_of_the_wizard_cannot_be_jumped_over(client: Client, tenant: Tenant, alice: User) -> None:
    start_trial(tenant, actor=alice)
    client.force_login(alice)
    assert client.get("/deployments/new/review/")["Location"] == "/deployments/new/options/"
    assert client.get("/deployments/new/nonsense/").status_code == 404


def test_a_step_refuses_what_the_plan_does_not_include(client: Client, tenant: Tenant, alice: User) -> None:
    start_trial(tenant, actor=alice)
    client.force_login(alice)
    response = client.post("/deployments/new/options/", {"size": "xl", "preset": ""})
    assert response.status_code == 400
    assert "Extra Small only" in response.content.decode()


def test_going_back_shows_the_earlier_answers(client: Client, tenant: Tenant, alice: User) -> None:
    start_trial(tenant, actor=alice)
    client.force_login(alice)
    client.post("/deployments/new/options/", {"size": "xs", "preset": "synthea-20"})
    page = client.get("/deployments/new/options/").content.decode()
    assert 'value="synthea-20" checked' in page


@pytest.mark.parametrize("path", ["/deployments/new/", "/deployments/new/options/"])
def test_the_wizard_needs_an_administrator(client: Client, tenant: Tenant, bob: User, path: str) -> None:
    assert client.get(path).status_code == 302
    client.force_login(bob)
    assert client.get(path).status_code == 403
    Membership.objects.filter(user=bob).update(role=Role.ADMIN)
    assert client.get(path).status_code in (200, 302)


def test_the_wizard_without_a_plan_says_where_to_get_one(client: Client, tenant: Tenant, alice: User) -> None:
    client.force_login(alice)
    page = client.get("/deployments/new/").content.decode()
    assert "/services/" in page


def test_allowed_origins_and_the_maintenance_message_are_saved_and_shown(
    client: Client, deployment: Deployment, alice: User
) -> None:
    client.force_login(alice)
    fields = {
        "allowed_origins": "https://App.example/\nhttp://localhost:3000",
        "maintenance_message": "Back at nine.",
    }
    client.post(_path(deployment, "access/"), fields)
    deployment.refresh_from_db()
    assert deployment.allowed_origins == ["http://localhost:3000", "https://app.example"]
    assert "Back at nine." in client.get(_path(deployment, "")).content.decode()


@pytest.mark.parametrize(
    "origin",
    [
        "app.example",
        "http://app.example",
        "https://app.example/path",
        "https://user@app.example",
        "null",
        "*",
    ],
)
def test_what_is_no_origin_is_refused_at_its_place(
    client: Client, deployment: Deployment, alice: User, origin: str
) -> None:
    client.force_login(alice)
    response = client.post(_path(deployment, "access/"), {"allowed_origins": origin})
    assert response.status_code == 400
    assert "is not an origin" in response.content.decode()
    deployment.refresh_from_db()
    assert deployment.allowed_origins == []
