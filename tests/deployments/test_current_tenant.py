"""The tenant in the switcher is the one whose page is open, however one came there."""

import pytest
from django.test import Client

from deployments.models import Deployment, Region, State
from portal.models import Tenant, User
from portal.services.tenants import create_tenant

SHELL = "shell"


@pytest.fixture
def second(alice: User, tenant: Tenant) -> Tenant:
    """Alice's other tenant; the first is her current one."""
    return create_tenant("Norra Clinic", owner=alice)


@pytest.fixture
def ward(second: Tenant, local_region: Region) -> Deployment:
    return Deployment.objects.create(
        tenant=second, name="Ward 9", region=local_region, size="xs", state=State.RUNNING
    )


@pytest.fixture
def browser_of_alice(client: Client, alice: User, tenant: Tenant, second: Tenant) -> Client:
    client.force_login(alice)
    client.post(f"/tenants/{tenant.slug}/switch/")
    return client


def current(client: Client, path: str = "/services/") -> object:
    return client.get(path).context["shell"].tenant


@pytest.mark.parametrize("below", ["", "compare/", "credentials/", "settings/", "logs/"])
def test_the_page_of_a_deployment_shows_the_tenant_of_the_deployment(
    browser_of_alice: Client, second: Tenant, ward: Deployment, below: str
) -> None:
    assert current(browser_of_alice, f"/deployments/{ward.pk}/{below}") == second


def test_the_list_behind_the_page_of_a_deployment_holds_that_deployment(
    browser_of_alice: Client, second: Tenant, ward: Deployment
) -> None:
    browser_of_alice.get(f"/deployments/{ward.pk}/")
    assert "Ward 9" in browser_of_alice.get("/deployments/").content.decode()
    assert current(browser_of_alice) == second


def test_the_page_of_a_tenant_makes_it_the_current_one(
    browser_of_alice: Client, tenant: Tenant, second: Tenant
) -> None:
    assert current(browser_of_alice) == tenant
    assert current(browser_of_alice, f"/tenants/{second.slug}/members/") == second
    assert current(browser_of_alice) == second


def test_the_guide_that_is_called_as_a_tenant_changes_nothing(
    browser_of_alice: Client, alice: User, tenant: Tenant
) -> None:
    create_tenant("Roles", owner=alice)
    assert current(browser_of_alice, "/docs/roles/") == tenant


def test_a_part_that_another_tab_fetches_changes_nothing(
    browser_of_alice: Client, tenant: Tenant, ward: Deployment
) -> None:
    browser_of_alice.get(f"/deployments/{ward.pk}/", headers={"HX-Request": "true"})
    assert current(browser_of_alice) == tenant


def test_a_deployment_of_strangers_changes_nothing(
    browser_of_alice: Client, charlie: User, tenant: Tenant, local_region: Region
) -> None:
    theirs = Deployment.objects.create(
        tenant=create_tenant("Strangers", owner=charlie), name="Theirs", region=local_region, size="xs"
    )
    refused = browser_of_alice.get(f"/deployments/{theirs.pk}/")
    assert (refused.status_code, refused.context["shell"].tenant) == (404, tenant)
