"""The OAuth tab: who may see and change what, and what the forms do."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from credentials.models import AuthenticationServer, OAuthApplication, ServerUser
from deployments.models import Deployment
from portal.models import Membership, Role, Tenant, User
from smart.addresses import trial_callback
from smart.users import authenticate
from tests.smart.conftest import CALLBACK, PASSWORD, Flow

READ_PAGES = ["index", "users"]
ADMIN_PAGES = ["settings", "server-new", "application-new", "user-new"]


def _as(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("name", READ_PAGES + ADMIN_PAGES)
def test_strangers_find_nothing_and_anonymous_people_sign_in(
    deployment: Deployment, charlie: User, name: str
) -> None:
    page = reverse(f"oauth:{name}", args=[deployment.pk])
    assert Client().get(page).status_code == 302
    assert _as(charlie).get(page).status_code == 404


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", READ_PAGES + ADMIN_PAGES)
def test_each_role_opens_what_it_may(
    deployment: Deployment, tenant: Tenant, bob: User, name: str, role: Role
) -> None:
    Membership.objects.filter(user=bob).update(role=role)
    status = _as(bob).get(reverse(f"oauth:{name}", args=[deployment.pk])).status_code
    assert status == (200 if name in READ_PAGES or role >= Role.ADMIN else 403)


def test_pages_of_one_application_follow_the_roles(flow: Flow, bob: User, charlie: User) -> None:
    arguments = [flow.deployment.pk, flow.application.pk]
    for name in ("application-change", "application-delete"):
        assert _as(bob).get(reverse(f"oauth:{name}", args=arguments)).status_code == 403
        assert _as(charlie).get(reverse(f"oauth:{name}", args=arguments)).status_code == 404
    for name in ("application-rotate", "application-switch", "try"):
        assert _as(bob).post(reverse(f"oauth:{name}", args=arguments)).status_code == 403
        assert _as(charlie).post(reverse(f"oauth:{name}", args=arguments)).status_code == 404
    assert _as(bob).get(reverse("oauth:application", args=arguments)).status_code == 200


def test_an_application_of_another_deployment_is_not_found(
    flow: Flow, other_deployment: Deployment, alice: User
) -> None:
    page = reverse("oauth:application", args=[other_deployment.pk, flow.application.pk])
    assert _as(alice).get(page).status_code == 404


def _form(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Growth Chart",
        "kind": "confidential",
        "redirect_uris": CALLBACK,
        "scopes": "openid launch/patient patient/*.rs",
    } | changes


def test_a_confidential_applications_secret_is_shown_once(deployment: Deployment, alice: User) -> None:
    client = _as(alice)
    page = reverse("oauth:application-new", args=[deployment.pk])
    shown = client.post(page, _form(), follow=True)
    secret = shown.context["secret"].text
    assert secret in shown.content.decode()
    application = OAuthApplication.objects.get()
    again = client.get(reverse("oauth:application", args=[deployment.pk, application.pk]))
    assert secret not in again.content.decode()
    assert application.secrets.get().hint == secret[-4:]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"redirect_uris": "http://app.example/"}, "redirect_uris"),
        ({"redirect_uris": ""}, "redirect_uris"),
        ({"kind": "backend"}, "redirect_uris"),
        ({"scopes": ""}, "scopes"),
        ({"scopes": "patient/*.rs patient/*.rs"}, "scopes"),
        ({"scopes": "patient/Patient.sr"}, "scopes"),
        ({"scopes": "system/*.rs"}, "scopes"),
        ({"scopes": "patient/Heart.rs"}, "scopes"),
        ({"scopes": "patient/Observation.rs?colour=red"}, "scopes"),
        ({"scopes": "patient/Patient.rs patient/*.cruds"}, "scopes"),
        ({"jwks": "x"}, "jwks"),
        ({"jwks": '{"keys": []}'}, "jwks"),
        ({"jwks": '{"keys": [{"kty":"oct","k":"c2VjcmV0"}]}'}, "jwks"),
        ({"jwks_uri": "http://app.example/jwks"}, "jwks_uri"),
        ({"launch_url": "javascript:alert(1)"}, "launch_url"),
        ({"requests_per_second": "0"}, "requests_per_second"),
        ({"name": ""}, "name"),
    ],
)
def test_a_wrong_registration_says_what_is_wrong(
    deployment: Deployment, alice: User, changes: dict[str, str], field: str
) -> None:
    shown = _as(alice).post(reverse("oauth:application-new", args=[deployment.pk]), _form(**changes))
    assert shown.status_code == 422
    assert field in shown.context["form"].errors
    assert not OAuthApplication.objects.exists()


@pytest.mark.parametrize(
    ("scopes", "told"),
    [
        ("openid\npatient/*.rs\nopenid", "Scope 3: “openid” is there twice, first as scope 1."),
        (
            "openid patient/Heart.rs",
            "Scope 2: “Heart” in “patient/Heart.rs” is not a resource type of FHIR R4.",
        ),
        (
            "patient/Patient.rs patient/*.rs",
            "Scope 1: “patient/Patient.rs” adds nothing to scope 2, “patient/*.rs”.",
        ),
        (
            "patient/*.rs patient/Patient.r",
            "Scope 2: “patient/Patient.r” adds nothing to the scopes before it.",
        ),
        ("openid system/*.rs", "Scope 2: “system/*.rs” is only for backend services."),
        ("openid patient/Observation.rs?colour=red", "colour is not a search parameter"),
        ("patient/Patient.rs?category=laboratory", "category is not a search parameter"),
        ("patient/Observation.rs?date=soon", "Scope 1: “patient/Observation.rs?date=soon”: "),
    ],
)
def test_a_refused_scope_is_named_by_its_place(
    deployment: Deployment, alice: User, scopes: str, told: str
) -> None:
    page = reverse("oauth:application-new", args=[deployment.pk])
    shown = _as(alice).post(page, _form(scopes=scopes))
    assert told in shown.context["form"].errors["scopes"][0]


def test_a_restriction_on_every_type_is_taken_where_some_type_knows_it(
    deployment: Deployment, alice: User
) -> None:
    page = reverse("oauth:application-new", args=[deployment.pk])
    assert _as(alice).post(page, _form(scopes="patient/*.rs?category=laboratory")).status_code == 302


def test_the_scope_builder_adds_to_the_form_without_saving(deployment: Deployment, alice: User) -> None:
    built = {
        "add_scope": "yes",
        "build-level": "patient",
        "build-resource_type": "Observation",
        "build-letters": ["r", "s"],
        "build-restriction": "category=laboratory",
    }
    page = reverse("oauth:application-new", args=[deployment.pk])
    shown = _as(alice).post(page, _form(scopes="openid") | built)
    assert shown.status_code == 200
    assert shown.context["form"]["scopes"].value() == "openid\npatient/Observation.rs?category=laboratory"
    assert not OAuthApplication.objects.exists()


def test_the_builder_says_at_its_own_place_why_a_scope_is_not_added(
    deployment: Deployment, alice: User
) -> None:
    page = reverse("oauth:application-new", args=[deployment.pk])
    shown = _as(alice).post(page, _form(scopes="openid", add_scope="yes", **{"build-special": "openid"}))
    told = "Scope 2: “openid” is there twice, first as scope 1."
    assert shown.context["builder"].non_field_errors() == [told]
    assert shown.context["form"]["scopes"].value() == "openid"
    builder = shown.content.decode().partition('id="builder"')[2]
    assert told in builder


def test_finding_a_users_record_keeps_what_was_typed(deployment: Deployment, alice: User) -> None:
    page = reverse("oauth:user-new", args=[deployment.pk])
    typed = {"username": "Nora", "email": "nora@example.org", "find_type": "Patient", "find_words": "n"}
    found = _as(alice).post(page, typed | {"find": "yes"})
    assert found.context["form"]["username"].value() == "Nora"
    assert not found.context["form"].errors
    chosen = _as(alice).post(page, typed | {"choose": "Patient/n1"})
    values = [chosen.context["form"][name].value() for name in ("username", "email", "fhir_user")]
    assert values == ["Nora", "nora@example.org", "Patient/n1"]
    assert not ServerUser.objects.exists()


def test_try_it_runs_the_flow_and_shows_the_decoded_token(
    flow: Flow, alice: User, paula: ServerUser, settings: Any
) -> None:
    settings.PUBLIC_URL = "http://testserver"
    browser = _as(alice)
    start = reverse("oauth:try", args=[flow.deployment.pk, flow.application.pk])
    answer = browser.post(start)
    for _ in range(8):
        page = answer["Location"]
        if page.startswith(trial_callback(flow.deployment.pk)):
            break
        answer = browser.get(page)
        if page.endswith("/sign-in/"):
            answer = browser.post(page, {"username": "paula", "password": PASSWORD})
        if page.endswith("/consent/"):
            answer = browser.post(page, {"decision": "allow", "scope": answer.context["asked"]})
    shown = browser.get(page)
    assert shown.status_code == 200
    assert "&quot;patient&quot;" in shown.content.decode() or "patient" in shown.context["access_token"]
    assert browser.get(page).status_code == 400


def test_an_invited_user_chooses_a_password_by_the_mailed_link_once(
    deployment: Deployment, alice: User, rf: Any
) -> None:
    page = reverse("oauth:user-new", args=[deployment.pk])
    _as(alice).post(page, {"username": "Nora", "email": "nora@example.org", "fhir_user": "Patient/n1"})
    link = re.search(r"http\S+", mail.outbox[0].body)
    assert link is not None
    path = link[0].split("/", 3)[3]
    browser = Client()
    assert browser.get(f"/{path}").status_code == 200
    assert browser.post(f"/{path}", {"password": "short"}).status_code == 422
    assert browser.post(f"/{path}", {"password": PASSWORD}).status_code == 302
    assert Client().get(f"/{path}").status_code == 404
    assert isinstance(authenticate(deployment, "nora", PASSWORD, rf.get("/")), ServerUser)


def test_connected_applications_are_seen_and_taken_back(flow: Flow) -> None:
    tokens = flow.tokens()
    page = f"{flow.base}/apps/"
    shown = flow.client.get(page).content.decode()
    assert "Growth Chart" in shown
    assert "health records" in shown
    flow.client.post(f"{flow.base}/apps/{flow.application.pk}/disconnect/")
    assert "Growth Chart</h2>" not in flow.client.get(page).content.decode()
    assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_somebody_elses_connection_cannot_be_ended(flow: Flow) -> None:
    tokens = flow.tokens()
    Client().post(f"{flow.base}/apps/{flow.application.pk}/disconnect/")
    assert flow.refresh(tokens["refresh_token"]).status_code == 200


def test_logout_only_goes_to_registered_addresses(flow: Flow) -> None:
    tokens = flow.tokens()
    flow.application.logout_uris = ["https://app.example/bye"]
    flow.application.save()
    hint = {"id_token_hint": tokens["id_token"], "state": "s"}
    evil = flow.client.get(
        f"{flow.base}/logout", hint | {"post_logout_redirect_uri": "https://evil.example/"}
    )
    assert evil.status_code == 200
    flow.tokens()
    good = flow.client.get(
        f"{flow.base}/logout", hint | {"post_logout_redirect_uri": "https://app.example/bye"}
    )
    assert good["Location"] == "https://app.example/bye?state=s"


def test_logout_without_a_hint_asks_first(flow: Flow) -> None:
    flow.tokens()
    assert "Sign out?" in flow.client.get(f"{flow.base}/logout").content.decode()
    assert flow.client.get(f"{flow.base}/apps/").context["person"] is not None


def test_switching_a_server_off_is_an_administrators_matter(
    deployment: Deployment, server: AuthenticationServer, alice: User, bob: User
) -> None:
    page = reverse("oauth:server-switch", args=[deployment.pk, server.pk])
    assert _as(bob).post(page).status_code == 403
    _as(alice).post(page)
    server.refresh_from_db()
    assert server.enabled is False
