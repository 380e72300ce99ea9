"""The mailed link, opened by somebody who is not signed in: it says what it is before it asks for a password."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from portal.models import Invitation, Role, Tenant, User
from portal.services.members import create_invitation, hash_secret
from tests.portal.conftest import SignIn

SECRET = "mailed"
PATH = f"/invitations/{SECRET}/"


@pytest.fixture
def invited(tenant: Tenant, alice: User) -> Invitation:
    made = create_invitation(tenant, "dora@example.org", Role.WRITE, actor=tenant.memberships.get(user=alice))
    Invitation.objects.update(secret_hash=hash_secret(SECRET))
    return made


def test_it_says_who_invites_to_what_and_leads_on(client: Client, invited: Invitation) -> None:
    page = client.get(PATH).content.decode()
    assert "Join Acme Health" in page
    assert "Alice invites dora@example.org with the role Write." in page
    assert f'href="{reverse("account_login")}?next={PATH}"' in page
    sign_up = f"{reverse('account_signup')}?next={PATH}&email=dora%40example.org"
    assert f'href="{escape(sign_up)}"' in page
    assert 'value="dora@example.org"' in client.get(sign_up).content.decode()


def test_nothing_is_accepted_without_signing_in(client: Client, invited: Invitation, tenant: Tenant) -> None:
    client.post(PATH)
    assert tenant.memberships.count() == 2
    assert Invitation.objects.filter(pk=invited.pk).exists()


def test_an_expired_link_says_so_and_asks_for_no_password(client: Client, invited: Invitation) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        page = client.get(PATH).content.decode()
    assert "This invitation has expired. Ask Alice for a new one." in page
    assert f"next={PATH}" not in page


def test_a_link_of_nothing_is_not_found(client: Client, db: None) -> None:
    answer = client.get("/invitations/unknown/")
    assert answer.status_code == 404
    assert "ask who invited you" in answer.content.decode()


def test_who_is_signed_in_as_somebody_else_comes_back_after_logging_out(
    invited: Invitation, charlie: User, sign_in: SignIn
) -> None:
    browser = sign_in(charlie)
    assert "This invitation is for" in browser.get(PATH).content.decode()
    back = browser.post(reverse("account_logout"), {"next": PATH}, follow=True)
    assert back.redirect_chain[-1][0] == PATH
    assert "Join Acme Health" in back.content.decode()
