"""Every page and every action of a tenant, for every kind of person."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from portal.models import Invitation, Membership, Role, Tenant, User, Webhook
from portal.notifications.events import send_test
from portal.notifications.signing import new_secret
from portal.services.members import create_invitation
from tests.portal.conftest import SignIn

# (method, name of the URL, the smallest role that may)
ACTIONS = [
    ("get", "tenant", Role.READ),
    ("get", "members", Role.READ),
    ("get", "usage", Role.READ),
    ("get", "leave", Role.READ),
    ("post", "tenant-switch", Role.READ),
    ("get", "audit", Role.ADMIN),
    ("get", "settings", Role.ADMIN),
    ("post", "settings", Role.ADMIN),
    ("post", "invite", Role.ADMIN),
    ("post", "mfa-rule", Role.ADMIN),
    ("post", "member-role", Role.ADMIN),
    ("get", "member-remove", Role.ADMIN),
    ("post", "member-remove", Role.ADMIN),
    ("post", "invitation-resend", Role.ADMIN),
    ("post", "invitation-withdraw", Role.ADMIN),
    ("get", "notifications", Role.ADMIN),
    ("post", "notifications", Role.ADMIN),
    ("post", "webhook-change", Role.ADMIN),
    ("post", "webhook-secret", Role.ADMIN),
    ("post", "webhook-test", Role.ADMIN),
    ("post", "webhook-delete", Role.ADMIN),
    ("post", "delivery-resend", Role.ADMIN),
    ("get", "transfer", Role.OWNER),
    ("post", "transfer", Role.OWNER),
    ("get", "delete", Role.OWNER),
    ("post", "delete", Role.OWNER),
]
OBJECTS = {"member-role", "member-remove", "invitation-resend", "invitation-withdraw"}
WEBHOOKS = {"webhook-change", "webhook-secret", "webhook-test", "webhook-delete", "delivery-resend"}


@pytest.fixture
def invitation(tenant: Tenant, alice: User) -> Invitation:
    return create_invitation(tenant, "dora@example.org", Role.READ, actor=tenant.memberships.get(user=alice))


def address(name: str, tenant: Tenant, alice: User, invitation: Invitation) -> str:
    arguments: list[object] = [tenant.slug]
    if name in OBJECTS:
        owner = Membership.objects.get(tenant=tenant, user=alice)
        arguments.append(owner.pk if name.startswith("member") else invitation.pk)
    if name in WEBHOOKS:
        webhook = Webhook.objects.create(tenant=tenant, url="https://hooks.example/", secret=new_secret())
        arguments.append(send_test(webhook).pk if name == "delivery-resend" else webhook.pk)
    return reverse(f"portal:{name}", args=arguments)


@pytest.mark.parametrize(("method", "name", "role"), ACTIONS)
def test_anonymous_people_are_sent_to_sign_in(
    method: str, name: str, role: Role, client: Client, tenant: Tenant, alice: User, invitation: Invitation
) -> None:
    response = getattr(client, method)(address(name, tenant, alice, invitation))
    assert response.status_code == 302
    assert response.url.startswith("/accounts/login/")


@pytest.mark.parametrize(("method", "name", "role"), ACTIONS)
def test_strangers_find_nothing(
    method: str,
    name: str,
    role: Role,
    tenant: Tenant,
    alice: User,
    charlie: User,
    invitation: Invitation,
    sign_in: SignIn,
) -> None:
    response = getattr(sign_in(charlie), method)(address(name, tenant, alice, invitation))
    assert response.status_code == 404


@pytest.mark.parametrize("has", list(Role))
@pytest.mark.parametrize(("method", "name", "role"), ACTIONS)
def test_members_may_what_their_role_allows(
    method: str,
    name: str,
    role: Role,
    has: Role,
    tenant: Tenant,
    alice: User,
    invitation: Invitation,
    bob_as: Callable[[Role], Client],
) -> None:
    response = getattr(bob_as(has), method)(address(name, tenant, alice, invitation))
    if has < role:
        assert response.status_code == 403
        assert role.label in response.content.decode()
    else:
        assert response.status_code in {200, 302, 422}
