"""What a member without two-step sign-in sees of a tenant that requires it: nothing but how to set it up."""

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client
from django.urls import reverse

from deployments.models import Deployment
from explorer.models import ForeignServer
from portal.models import Membership, Role, Tenant, User
from portal.services.tokens import create_token


@pytest.fixture
def closed(tenant: Tenant, bob: User) -> Tenant:
    """Bob may write in it, and has no second step."""
    Membership.objects.filter(user=bob).update(role=Role.WRITE)
    Tenant.objects.filter(pk=tenant.pk).update(requires_mfa=True)
    return tenant


def test_the_list_of_deployments_says_how_to_set_it_up(
    client: Client, closed: Tenant, deployment: Deployment, bob: User
) -> None:
    client.force_login(bob)
    refused = client.get("/deployments/")
    text = refused.content.decode()
    assert (refused.status_code, deployment.name in text) == (403, False)
    assert reverse("mfa_index") in text


def test_who_has_set_it_up_is_led_on_to_the_page_that_was_wanted(
    client: Client, closed: Tenant, deployment: Deployment, bob: User
) -> None:
    client.force_login(bob)
    wanted = f"/deployments/{deployment.pk}/logs/?status=403"
    assert client.get(wanted).status_code == 403
    assert reverse("portal:go-on") not in client.get(reverse("mfa_index")).content.decode()
    TOTP.activate(bob, generate_totp_secret())
    assert reverse("portal:go-on") in client.get(reverse("mfa_index")).content.decode()
    assert client.get(reverse("portal:go-on")).headers["Location"] == wanted
    assert client.get(wanted).status_code == 200
    assert client.get(reverse("portal:go-on")).headers["Location"] == reverse("portal:services")


def test_the_list_of_the_management_api_leaves_its_deployments_out(
    client: Client, closed: Tenant, deployment: Deployment, bob: User
) -> None:
    _, secret = create_token(bob, "script", Role.READ, tenant=None, expires=None)
    answer = client.get("/api/v1/deployments/", headers={"Authorization": f"Bearer {secret}"})
    assert (answer.status_code, answer.json()["results"]) == (200, [])
    one = client.get(f"/api/v1/deployments/{deployment.pk}/", headers={"Authorization": f"Bearer {secret}"})
    assert one.status_code == 403
    assert "Account, Two-step sign-in" in one.json()["detail"]
    named = client.get(
        f"/api/v1/deployments/?tenant={closed.slug}", headers={"Authorization": f"Bearer {secret}"}
    )
    assert (named.status_code, named.json()["detail"]) == (403, one.json()["detail"])
    me = client.get("/api/v1/me/", headers={"Authorization": f"Bearer {secret}"})
    assert me.json()["shut_tenants"] == [closed.slug]
    TOTP.activate(bob, generate_totp_secret())
    opened = client.get("/api/v1/me/", headers={"Authorization": f"Bearer {secret}"})
    assert opened.json()["shut_tenants"] == []


def test_a_server_that_is_shared_with_the_tenant_is_not_open(
    client: Client, closed: Tenant, alice: User, bob: User
) -> None:
    shared = ForeignServer.objects.create(user=alice, base="https://lab.example.net/fhir", shared_with=closed)
    client.force_login(bob)
    assert "lab.example.net" not in client.get("/servers/").content.decode()
    assert client.get(f"/servers/{shared.pk}/api/").status_code == 404
