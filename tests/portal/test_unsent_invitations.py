"""When the mail server is away nothing is half done: no invitation without its mail, no dead link."""

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse

from portal.models import AuditEvent, Role, Tenant, User
from portal.services.members import create_invitation, find_invitation, hash_secret
from tests.portal.conftest import SignIn


@pytest.fixture
def owner(alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


@pytest.fixture
def no_mail_server(settings: LazySettings) -> None:
    """Nothing listens on the discard port."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9


def test_an_invitation_that_cannot_be_mailed_is_not_made(
    owner: Client, tenant: Tenant, no_mail_server: None
) -> None:
    asked = {"email": "dora@example.org", "role": Role.READ.value}
    refused = owner.post(reverse("portal:invite", args=[tenant.slug]), asked)
    assert refused.status_code == 422
    assert "could not be mailed" in refused.context["form"].errors["email"][0]
    assert "dora@example.org" in refused.content.decode()
    assert not tenant.invitations.exists()
    assert not AuditEvent.objects.filter(action="member.invited").exists()


def test_the_link_that_was_mailed_works_on_when_a_new_one_cannot_be_sent(
    owner: Client, tenant: Tenant, alice: User, settings: LazySettings
) -> None:
    invitation = create_invitation(
        tenant, "dora@example.org", Role.READ, actor=tenant.memberships.get(user=alice)
    )
    tenant.invitations.update(secret_hash=hash_secret("mailed"))
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    page = owner.post(
        reverse("portal:invitation-resend", args=[tenant.slug, invitation.pk]), follow=True
    ).content.decode()
    assert "could not be mailed" in page
    assert find_invitation("mailed") == invitation
