"""Whoever lands in a browser on an address that takes only what a form sends comes to the page with the form."""

import pytest
from django.test import Client

from deployments.models import Deployment
from portal.models import Role, Tenant, User
from portal.rights import OpenTo, list_openings, list_rights, takes
from tests.test_rights import ROUTES
from tests.world import World, build_world, running_deployment

pytestmark = pytest.mark.django_db(databases="__all__")

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
# Endpoints for scripts: they say themselves what they take.
OF_SCRIPTS = (
    "-api:",
    "api-nothing",
    "gateway:",
    "smart:token",
    "smart:introspect",
    "smart:revoke",
    "smart:register",
)
# Their page names no type that there is, or shows the form only while there is something to do.
UNSHOWN = {
    *(
        "explorer:editor-problems",
        "explorer:editor-complete",
        "servers:editor-problems",
        "servers:editor-complete",
    ),
    *("smart:disconnect", "smart:sign-out", "smart:device-authorization"),
}
POSTED = {
    name for role in Role for right in list_rights(role) for method, name in right.calls() if method == "POST"
}
POSTED |= {name for each in list_openings() for method, name in each.calls() if method == "POST"}
OPERATORS = {name for each in list_openings() if each.to is OpenTo.OPERATOR for _, name in each.calls()}
FORMS = [
    (path, name)
    for path, name in ROUTES
    if name in POSTED
    and not takes("GET", name)
    and name not in UNSHOWN
    and not any(part in name for part in OF_SCRIPTS)
]


@pytest.fixture
def deployment(tenant: Tenant) -> Deployment:
    return running_deployment(tenant)


@pytest.fixture
def world(tenant: Tenant, deployment: Deployment, alice: User) -> World:
    return build_world(tenant, deployment, alice)


def test_every_address_of_a_form_leads_its_owner_to_a_page(client: Client, alice: User, world: World) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    client.force_login(alice)
    assert len(FORMS) > 50
    lost = []
    for path, name in FORMS:
        address = world.address(path, name)
        assert client.get(address).status_code == 405, name
        led = client.get(address, headers=BROWSER, follow=True)
        if led.status_code != 200 or not led.redirect_chain or "text/html" not in led.headers["Content-Type"]:
            lost.append(f"{name}: {led.status_code} at {led.redirect_chain}")
    assert lost == []


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/deployments/{id}/delete/", "/deployments/{id}/settings/#delete"),
        ("/deployments/{id}/size/", "/deployments/{id}/settings/#size"),
        ("/deployments/{id}/data/clear/", "/deployments/{id}/data/"),
        ("/deployments/{id}/credentials/keys/abc/rotate/", "/deployments/{id}/credentials/keys/abc/"),
        ("/deployments/{id}/stop/", "/deployments/{id}/"),
        ("/tenants/acme-health/members/7/role/", "/tenants/acme-health/members/"),
        ("/tenants/acme-health/restore/", "/tenants/"),
        ("/account/sessions/7/end/", "/accounts/sessions/"),
        ("/theme/", "/"),
    ],
)
def test_the_page_is_the_one_with_the_form(
    address: str, page: str, client: Client, alice: User, deployment: Deployment
) -> None:
    client.force_login(alice)
    led = client.get(address.format(id=deployment.pk), headers=BROWSER)
    assert led.headers["Location"] == page.format(id=deployment.pk)


def test_it_says_that_nothing_was_changed(client: Client, alice: User, deployment: Deployment) -> None:
    client.force_login(alice)
    shown = client.get(f"/deployments/{deployment.pk}/delete/", headers=BROWSER, follow=True)
    assert "Nothing was changed" in shown.content.decode()
    assert "Nothing was changed" not in client.get(f"/deployments/{deployment.pk}/settings/").content.decode()


def test_a_stranger_learns_nothing_of_what_there_is(
    client: Client, charlie: User, tenant: Tenant, deployment: Deployment
) -> None:
    client.force_login(charlie)
    there = client.get(f"/deployments/{deployment.pk}/delete/", headers=BROWSER, follow=True)
    nowhere = client.get("/deployments/000000000000/delete/", headers=BROWSER, follow=True)
    assert (there.status_code, nowhere.status_code) == (404, 404)


def test_a_part_of_a_page_and_a_script_are_told_the_bare_truth(
    client: Client, alice: User, deployment: Deployment
) -> None:
    client.force_login(alice)
    address = f"/deployments/{deployment.pk}/delete/"
    assert client.get(address, headers=BROWSER | {"HX-Request": "true"}).status_code == 405
    assert client.get(address, headers={"Accept": "*/*"}).status_code == 405
    assert client.put(address, headers=BROWSER).status_code == 405


def test_who_sends_a_form_while_signed_out_is_told_so_and_comes_to_the_form(
    client: Client, alice: User, deployment: Deployment
) -> None:
    address = f"/deployments/{deployment.pk}/delete/"
    sent = client.post(address, {"name": deployment.name}, headers=BROWSER, follow=True)
    assert "what you sent was not carried out" in sent.content.decode()
    password = {"login": alice.email, "password": "correct-horse-battery", "next": address}
    back = client.post("/accounts/login/", password, headers=BROWSER, follow=True)
    assert back.redirect_chain[-1][0] == f"/deployments/{deployment.pk}/settings/#delete"
    assert Deployment.objects.filter(pk=deployment.pk).exists()


def test_a_form_that_expired_leads_back_to_its_page(alice: User, tenant: Tenant) -> None:
    """Whoever signs in anew in another tab has a new token, and open forms the old one."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    page = f"/tenants/{tenant.slug}/settings/"
    refused = strict.post(page, {"name": "Acme"}, headers=BROWSER | {"Referer": f"http://testserver{page}"})
    assert refused.status_code == 403
    assert f'href="http://testserver{page}"' in refused.content.decode()
    elsewhere = strict.post(
        page, {"name": "Acme"}, headers=BROWSER | {"Referer": "https://elsewhere.example/"}
    )
    assert "elsewhere.example" not in elsewhere.content.decode()
