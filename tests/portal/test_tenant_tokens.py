"""The page of the tokens that open one tenant."""

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from portal.models import ManagementToken, Role, Tenant, User
from portal.services.tokens import create_token
from tests.portal.conftest import SignIn

pytestmark = pytest.mark.django_db(databases="__all__")


def shown(client: Client, tenant: Tenant) -> str:
    return client.get(f"/tenants/{tenant.slug}/tokens/").content.decode()


def test_administrators_see_whose_tokens_open_the_tenant(
    tenant: Tenant, alice: User, bob: User, sign_in: SignIn
) -> None:
    tenant.memberships.filter(user=bob).update(role=Role.READ)
    create_token(bob, "Nightly import", Role.WRITE, tenant=tenant, expires=None)
    create_token(bob, "Own script", Role.READ, tenant=None, expires=None)
    text = shown(sign_in(alice), tenant)
    assert "Nightly import" in text
    assert bob.email in text
    assert "no more than Read" in text
    assert "Own script" not in text


def test_a_token_is_revoked_on_the_page(tenant: Tenant, alice: User, bob: User, sign_in: SignIn) -> None:
    token, _ = create_token(bob, "Nightly import", Role.READ, tenant=tenant, expires=None)
    done = sign_in(alice).post(f"/tenants/{tenant.slug}/tokens/{token.pk}/revoke/", follow=True)
    assert "Nightly import was revoked" in done.content.decode()
    assert not ManagementToken.objects.filter(pk=token.pk).exists()


def test_an_administrator_does_not_end_an_owners_token(
    tenant: Tenant, alice: User, bob: User, sign_in: SignIn
) -> None:
    tenant.memberships.filter(user=bob).update(role=Role.ADMIN)
    token, _ = create_token(alice, "Alice's", Role.OWNER, tenant=tenant, expires=None)
    client = sign_in(bob)
    assert "by an Owner" in shown(client, tenant)
    assert client.post(f"/tenants/{tenant.slug}/tokens/{token.pk}/revoke/").status_code == 403
    assert ManagementToken.objects.filter(pk=token.pk).exists()


def test_the_form_of_a_new_token_begins_with_the_tenant(tenant: Tenant, alice: User, sign_in: SignIn) -> None:
    page = sign_in(alice).get(f"/account/tokens/?tenant={tenant.slug}").content.decode()
    assert f'<option value="{tenant.slug}" selected>' in page


def test_a_role_above_ones_own_is_refused_at_its_field_and_nothing_is_lost(
    tenant: Tenant, bob: User, sign_in: SignIn
) -> None:
    asked = {"name": "Nightly", "role": Role.ADMIN.value, "tenant": tenant.slug, "days": "30"}
    refused = sign_in(bob).post("/account/tokens/", asked)
    assert refused.status_code == 422
    assert "yours is Read" in refused.context["form"].errors["role"][0]
    assert 'value="Nightly"' in refused.content.decode()
    assert not ManagementToken.objects.exists()


def test_a_tenant_that_requires_two_steps_is_refused_at_its_field(
    tenant: Tenant, bob: User, sign_in: SignIn
) -> None:
    Tenant.objects.filter(pk=tenant.pk).update(requires_mfa=True)
    asked = {"name": "Nightly", "role": Role.READ.value, "tenant": tenant.slug, "days": "30"}
    refused = sign_in(bob).post("/account/tokens/", asked)
    assert "requires two-step sign-in" in refused.context["form"].errors["tenant"][0]
    assert not ManagementToken.objects.exists()


def test_who_waits_for_two_step_sign_in_sees_it_beside_tenants_and_tokens(
    tenant: Tenant, bob: User, sign_in: SignIn
) -> None:
    browser = sign_in(bob)
    words = "Acme Health requires two-step sign-in"
    assert all(words not in browser.get(page).content.decode() for page in ("/tenants/", "/account/tokens/"))
    Tenant.objects.filter(pk=tenant.pk).update(requires_mfa=True)
    for page in ("/tenants/", "/account/tokens/"):
        shown = browser.get(page).content.decode()
        assert (words in shown, reverse("mfa_index") in shown) == (True, True)
    Authenticator.objects.create(user=bob, type=Authenticator.Type.TOTP, data={})
    assert all(words not in browser.get(page).content.decode() for page in ("/tenants/", "/account/tokens/"))
