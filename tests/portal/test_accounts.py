"""Sign-up by an emailed code, login, password reset, authenticator app, sessions."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from portal.models import Role, Tenant, User
from portal.secrets import decrypt
from portal.services.tenants import require_mfa
from tests.portal.conftest import SignIn

PASSWORD = "correct-horse-battery"
NEW_PASSWORD = "staple-battery-horse"


@pytest.fixture(autouse=True)
def no_earlier_throttles() -> None:
    cache.clear()


def mailed_code() -> str:
    found = re.search(r"^\s*([A-Z0-9-]{6,9})\s*$", str(mail.outbox[-1].body), re.MULTILINE)
    assert found, mail.outbox[-1].body
    return found.group(1)


def sign_up(client: Client, email: str = "dora@example.org") -> None:
    response = client.post(
        reverse("account_signup"), {"name": "Dora Berg", "email": email, "password1": PASSWORD}
    )
    assert response.status_code == 302, response.content.decode()


@pytest.mark.django_db
def test_signing_up_takes_a_mailed_code_and_ends_at_services_with_a_tenant(client: Client) -> None:
    sign_up(client)
    confirm = reverse("account_email_verification_sent")
    assert client.post(confirm, {"code": "WRONG1"}).status_code == 200
    response = client.post(confirm, {"code": mailed_code()}, follow=True)
    assert response.redirect_chain[-1][0] == "/services/"
    user = User.objects.get(email="dora@example.org")
    assert user.name == "Dora Berg"
    assert user.memberships.get().role == Role.OWNER
    assert user.memberships.get().tenant.name == "Dora's tenant"


@pytest.mark.django_db
def test_an_account_without_its_code_cannot_be_used(client: Client) -> None:
    sign_up(client)
    assert client.get(reverse("portal:services")).status_code == 302


@pytest.mark.django_db
def test_signing_up_with_a_known_address_does_not_tell(client: Client, alice: User) -> None:
    sign_up(client, alice.email)
    assert User.objects.count() == 1
    assert mail.outbox[-1].to == [alice.email]


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["short", "qwertyuiop", "12345678901234", "dora@example.org"])
def test_the_server_refuses_weak_passwords(password: str, client: Client) -> None:
    values = {"name": "Dora", "email": "dora@example.org", "password1": password}
    assert client.post(reverse("account_signup"), values).status_code == 200
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_password_rules_answer_while_typing(client: Client) -> None:
    response = client.post(reverse("portal:password-rules"), {"password1": "1234"})
    assert response.content.decode().count("(not met)") >= 2
    good = client.post(reverse("portal:password-rules"), {"password1": PASSWORD})
    assert "(not met)" not in good.content.decode()


def test_login_and_logout(client: Client, alice: User) -> None:
    client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    assert client.get(reverse("portal:account")).status_code == 200
    client.post(reverse("account_logout"))
    assert client.get(reverse("portal:account")).status_code == 302


def test_guessing_passwords_is_throttled(client: Client, alice: User) -> None:
    for _ in range(12):
        response = client.post(reverse("account_login"), {"login": alice.email, "password": "guess"})
    response = client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    assert response.status_code in {200, 429}
    assert client.get(reverse("portal:account")).status_code == 302


def test_a_forgotten_password_is_reset_by_a_mailed_code(client: Client, alice: User) -> None:
    response = client.post(reverse("account_reset_password"), {"email": alice.email}, follow=True)
    response = client.post(response.redirect_chain[-1][0], {"code": mailed_code()}, follow=True)
    page = response.redirect_chain[-1][0]
    client.post(page, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    alice.refresh_from_db()
    assert alice.check_password(NEW_PASSWORD)


def one_time_code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def activate_app(client: Client, user: User) -> str:
    """Sign in, set up the authenticator app as its page asks, and give the secret."""
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    secret: str = page.context["form"].secret
    response = client.post(reverse("mfa_activate_totp"), {"code": one_time_code(secret)})
    assert response.status_code == 302, response.content.decode()
    return secret


def test_an_authenticator_app_is_asked_for_at_login_and_its_secret_is_encrypted(
    client: Client, alice: User
) -> None:
    secret = activate_app(client, alice)
    stored = Authenticator.objects.get(user=alice, type="totp").data["secret"]
    assert stored != secret
    assert decrypt(stored) == secret

    cache.clear()
    other = Client()
    response = other.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    assert response.headers["Location"] == reverse("mfa_authenticate")
    assert other.get(reverse("portal:account")).status_code == 302
    other.post(reverse("mfa_authenticate"), {"code": one_time_code(secret)})
    assert other.get(reverse("portal:account")).status_code == 200


def test_a_tenant_that_requires_two_steps_is_closed_to_members_without(
    client: Client, tenant: Tenant, alice: User, bob: User, sign_in: SignIn
) -> None:
    activate_app(client, alice)
    require_mfa(tenant, True, actor=alice)
    page = reverse("portal:members", args=[tenant.slug])
    assert client.get(page).status_code == 200
    refused = sign_in(bob).get(page)
    assert refused.status_code == 403
    assert reverse("mfa_index") in refused.content.decode()
    assert f'{page}">Acme Health</a> requires it' in sign_in(bob).get(reverse("mfa_index")).content.decode()
    assert "You may open it." in client.get(reverse("mfa_index")).content.decode()


def test_all_other_sessions_can_be_ended(client: Client, alice: User) -> None:
    other = Client()
    for browser in (client, other):
        browser.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
        browser.get(reverse("portal:account"))
    client.post(reverse("usersessions_list"))
    assert client.get(reverse("portal:account")).status_code == 200
    assert other.get(reverse("portal:account")).status_code == 302


def test_the_page_of_second_steps_says_what_is_set_up_in_the_products_words(
    client: Client, alice: User
) -> None:
    client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
    before = client.get(reverse("mfa_index")).content.decode()
    assert "<h1>Two-step sign-in</h1>" in before
    assert "Passkeys and security keys" in before
    assert reverse("mfa_activate_totp") in before
    cache.clear()
    activate_app(client, alice)
    after = client.get(reverse("mfa_index")).content.decode()
    assert reverse("mfa_deactivate_totp") in after
    assert "10 of 10 codes are left" in after
