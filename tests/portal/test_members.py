"""Invitations from PENDING to ACTIVE, roles, removal, and the last owner."""

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from credentials.access import FULL
from credentials.models import ApplicationKind
from credentials.services import create_api_key, revoke_api_key
from deployments.models import Deployment, Region, State
from portal.models import AuditEvent, Membership, Role, Tenant, User
from portal.services.members import change_role, create_invitation, remove_member
from portal.services.refusals import Refused
from portal.services.tokens import create_token
from portal.subscriptions import subscribe
from smart.applications import Registration, create_application
from smart.servers import integrated_server
from tests.portal.conftest import SignIn


def mailed_link() -> str:
    found = re.search(r"https?://[^/]+(/invitations/\S+)", str(mail.outbox[-1].body))
    assert found
    return found.group(1)


def member(tenant: Tenant, user: User) -> Membership:
    return tenant.memberships.select_related("user", "tenant").get(user=user)


def invite(client: Client, tenant: Tenant, email: str, role: Role = Role.WRITE) -> None:
    response = client.post(reverse("portal:invite", args=[tenant.slug]), {"email": email, "role": role.value})
    assert response.status_code == 302


def test_an_invited_person_is_pending_until_accepting(
    tenant: Tenant, alice: User, charlie: User, sign_in: SignIn
) -> None:
    owner = sign_in(alice)
    invite(owner, tenant, "Charlie@example.org")
    assert "Pending" in owner.get(reverse("portal:members", args=[tenant.slug])).content.decode()

    invited = sign_in(charlie)
    link = mailed_link()
    assert "Acme Health" in invited.get(link).content.decode()
    assert invited.post(link).status_code == 302

    assert member(tenant, charlie).role == Role.WRITE
    assert not tenant.invitations.exists()
    assert invited.get(link).status_code == 404
    assert AuditEvent.objects.filter(tenant=tenant, action="member.joined").exists()


def test_only_the_invited_address_can_accept(
    tenant: Tenant, alice: User, charlie: User, sign_in: SignIn
) -> None:
    invite(sign_in(alice), tenant, "dora@example.org")
    response = sign_in(charlie).post(mailed_link(), follow=True)
    assert "This invitation is for dora@example.org" in response.content.decode()
    assert not tenant.memberships.filter(user=charlie).exists()


def test_an_invitation_expires_after_seven_days_and_can_be_sent_again(
    tenant: Tenant, alice: User, charlie: User, sign_in: SignIn
) -> None:
    owner = sign_in(alice)
    invite(owner, tenant, charlie.email)
    old = mailed_link()
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert "Expired" in sign_in(alice).get(reverse("portal:members", args=[tenant.slug])).content.decode()
        invited = sign_in(charlie)
        assert "has expired" in invited.post(old, follow=True).content.decode()
        invitation = tenant.invitations.get()
        sign_in(alice).post(reverse("portal:invitation-resend", args=[tenant.slug, invitation.pk]))
        assert invited.get(old).status_code == 404
        invited.post(mailed_link())
    assert tenant.memberships.filter(user=charlie).exists()


def test_a_withdrawn_invitation_is_worth_nothing(
    tenant: Tenant, alice: User, charlie: User, sign_in: SignIn
) -> None:
    owner = sign_in(alice)
    invite(owner, tenant, charlie.email)
    invitation = tenant.invitations.get()
    owner.post(reverse("portal:invitation-withdraw", args=[tenant.slug, invitation.pk]))
    assert sign_in(charlie).get(mailed_link()).status_code == 404


def test_the_secret_of_an_invitation_is_not_stored(tenant: Tenant, alice: User) -> None:
    invitation = create_invitation(tenant, "dora@example.org", Role.READ, actor=member(tenant, alice))
    secret = mailed_link().rstrip("/").split("/")[-1]
    assert secret not in str(invitation.__dict__)


def test_nobody_gives_a_role_above_their_own(tenant: Tenant, alice: User, bob: User) -> None:
    Membership.objects.filter(user=bob).update(role=Role.ADMIN)
    with pytest.raises(Refused):
        create_invitation(tenant, "dora@example.org", Role.OWNER, actor=member(tenant, bob))
    with pytest.raises(Refused):
        change_role(member(tenant, alice), Role.READ, actor=member(tenant, bob))
    with pytest.raises(Refused):
        change_role(member(tenant, bob), Role.OWNER, actor=member(tenant, bob))


def test_the_last_owner_cannot_step_down_or_leave(tenant: Tenant, alice: User, bob: User) -> None:
    owner = member(tenant, alice)
    with pytest.raises(Refused):
        change_role(owner, Role.ADMIN, actor=owner)
    with pytest.raises(Refused):
        remove_member(owner, actor=owner)
    change_role(member(tenant, bob), Role.OWNER, actor=owner)
    remove_member(owner, actor=owner)
    assert not tenant.memberships.filter(user=alice).exists()


def test_a_role_change_is_audited_with_before_and_after(tenant: Tenant, alice: User, bob: User) -> None:
    change_role(member(tenant, bob), Role.WRITE, actor=member(tenant, alice))
    event = AuditEvent.objects.get(action="member.role_changed")
    assert (event.before, event.after) == ({"role": "Read"}, {"role": "Write"})
    assert (event.actor_name, event.target) == ("alice@example.org", "bob@example.org")


def test_a_removed_member_is_a_stranger_at_once(
    tenant: Tenant, alice: User, bob: User, sign_in: SignIn
) -> None:
    bobs = sign_in(bob)
    page = reverse("portal:members", args=[tenant.slug])
    assert bobs.get(page).status_code == 200
    sign_in(alice).post(reverse("portal:member-remove", args=[tenant.slug, member(tenant, bob).pk]))
    assert bobs.get(page).status_code == 404


@pytest.mark.parametrize("role", ["", "9", "Owner", "\0"])
def test_what_is_no_role_is_refused_and_said(
    tenant: Tenant, alice: User, bob: User, sign_in: SignIn, role: str
) -> None:
    change = reverse("portal:member-role", args=[tenant.slug, member(tenant, bob).pk])
    page = sign_in(alice).post(change, {"role": role}, follow=True).content.decode()
    assert "Choose one of the roles. Nothing was changed." in page
    assert member(tenant, bob).role == Role.READ


def test_an_administrator_does_not_withdraw_the_invitation_of_an_owner(
    tenant: Tenant, alice: User, bob: User, sign_in: SignIn
) -> None:
    invite(sign_in(alice), tenant, "olga@example.org", Role.OWNER)
    Membership.objects.filter(user=bob).update(role=Role.ADMIN)
    invited = tenant.invitations.get()
    administrator = sign_in(bob)
    refused = administrator.post(
        reverse("portal:invitation-withdraw", args=[tenant.slug, invited.pk]), follow=True
    )
    assert "above your own" in refused.content.decode()
    assert "Withdraw" not in refused.content.decode()
    assert tenant.invitations.exists()


def test_an_address_that_no_account_can_have_is_refused_at_its_field(
    tenant: Tenant, alice: User, sign_in: SignIn
) -> None:
    address = f"{'x' * 60}@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.example"
    page = reverse("portal:invite", args=[tenant.slug])
    refused = sign_in(alice).post(page, {"email": address, "role": Role.READ.value})
    assert refused.status_code == 422
    assert "254" in refused.context["form"].errors["email"][0]
    assert not tenant.invitations.exists()


def test_an_invitation_shows_when_its_link_expires(tenant: Tenant, alice: User, sign_in: SignIn) -> None:
    owner = sign_in(alice)
    invite(owner, tenant, "dora@example.org")
    page = reverse("portal:members", args=[tenant.slug])
    assert "the link expires" in owner.get(page).content.decode()
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert "the link expired" in sign_in(alice).get(page).content.decode()


def test_administrators_see_who_has_no_second_step_and_others_do_not(
    tenant: Tenant, alice: User, bob: User, sign_in: SignIn
) -> None:
    Authenticator.objects.create(user=alice, type=Authenticator.Type.TOTP, data={})
    owner, page = sign_in(alice), reverse("portal:members", args=[tenant.slug])
    shown = owner.get(page).content.decode()
    assert ("Set up" in shown, "Not set up" in shown) == (True, True)
    assert "Not set up" not in sign_in(bob).get(page).content.decode()
    settings = owner.get(reverse("portal:settings", args=[tenant.slug])).content.decode()
    assert "1 of 2 members has" in settings
    Tenant.objects.update(requires_mfa=True)
    assert "cannot open the tenant" in owner.get(page).content.decode()


def test_before_a_member_goes_the_page_says_what_goes_on_working(
    tenant: Tenant, alice: User, bob: User, sign_in: SignIn
) -> None:
    """Bob made a key and registered an application; a revoked key and those of others are no matter."""
    subscribe(tenant, actor=alice)
    deployment = Deployment.objects.create(
        tenant=tenant, name="Ward 7", region=Region.objects.get(name="local"), size="xs", state=State.RUNNING
    )
    key, _ = create_api_key(deployment, name="Bob's laptop", access=FULL, by=bob)
    revoke_api_key(create_api_key(deployment, name="Bob's old", access=FULL, by=bob)[0], by=bob)
    create_api_key(deployment, name="Lab", access=FULL, by=alice)
    asked = Registration(
        name="Chart",
        kind=ApplicationKind.CONFIDENTIAL,
        redirect_uris=["https://app.example/callback"],
        allowed_scopes="openid",
    )
    create_application(integrated_server(deployment), asked, by=bob)
    create_token(bob, "Nightly", Role.READ, tenant=tenant, expires=None)

    owner, page = sign_in(alice), reverse("portal:member-remove", args=[tenant.slug, member(tenant, bob).pk])
    shown = owner.get(page).content.decode()
    assert ("Bob&#x27;s laptop" in shown, "Chart" in shown) == (True, True)
    assert reverse("credentials:key", args=[deployment.pk, key.public_id]) in shown
    assert ("Bob&#x27;s old" in shown, "Lab" in shown) == (False, False)
    assert "1 token that opens this tenant alone is revoked" in shown
    leaving = sign_in(bob).get(reverse("portal:leave", args=[tenant.slug])).content.decode()
    assert "Bob&#x27;s laptop" in leaving
    assert reverse("credentials:key", args=[deployment.pk, key.public_id]) not in leaving

    owner.post(page)
    assert not bob.management_tokens.exists()
    key.refresh_from_db()
    assert key.usable


def test_the_only_owner_is_told_how_to_leave(tenant: Tenant, alice: User, bob: User, sign_in: SignIn) -> None:
    owner, page = sign_in(alice), reverse("portal:leave", args=[tenant.slug])
    shown = owner.get(page).content.decode()
    assert reverse("portal:transfer", args=[tenant.slug]) in shown
    tenant.memberships.filter(user=bob).delete()
    alone = owner.get(page).content.decode()
    assert reverse("portal:delete", args=[tenant.slug]) in alone
    transfer = owner.get(reverse("portal:transfer", args=[tenant.slug])).content.decode()
    assert "Nobody else is in Acme Health yet." in transfer
