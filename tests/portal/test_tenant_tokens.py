"""The page of the tokens that open one tenant."""

import pytest
from django.test import Client

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
