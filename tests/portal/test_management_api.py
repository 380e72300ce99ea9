"""The Management API: tokens, roles, problems, and that its schema is whole."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.models import ManagementToken, Membership, Role, Tenant, User
from portal.services.tokens import create_token
from tests.portal.conftest import SignIn

BASE = "/api/v1/"
Call = Callable[..., Any]


@pytest.fixture(autouse=True)
def no_earlier_throttles() -> None:
    cache.clear()


def api(user: User, role: Role = Role.OWNER, tenant: Tenant | None = None) -> Call:
    """A caller with a token of this person: `call("get", "tenants/", {...})`."""
    _, text = create_token(user, "script", role, tenant=tenant, expires=None)
    client = Client(headers={"Authorization": f"Bearer {text}"})

    def call(method: str, path: str, data: object = None) -> Any:
        if data is None:
            return getattr(client, method)(BASE + path)
        return getattr(client, method)(BASE + path, data, content_type="application/json")

    return call


# (method, path, body, the smallest role that may)
CALLS: list[tuple[str, str, object, Role]] = [
    ("get", "", None, Role.READ),
    ("patch", "", {"name": "Acme Care"}, Role.ADMIN),
    ("delete", "", None, Role.OWNER),
    ("get", "members/", None, Role.READ),
    ("get", "invitations/", None, Role.ADMIN),
    ("post", "invitations/", {"email": "dora@example.org", "role": "read"}, Role.ADMIN),
    ("get", "audit-events/", None, Role.ADMIN),
    ("get", "usage/", None, Role.READ),
    ("put", "subscriptions/fhir-server/", {"plan": "trial"}, Role.ADMIN),
]


@pytest.mark.parametrize(("method", "path", "body", "role"), CALLS)
def test_without_a_token_nothing_is_told(
    method: str, path: str, body: object, role: Role, client: Client, tenant: Tenant
) -> None:
    response = getattr(client, method)(f"{BASE}tenants/{tenant.slug}/{path}")
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(("method", "path", "body", "role"), CALLS)
def test_strangers_find_nothing(
    method: str, path: str, body: object, role: Role, tenant: Tenant, charlie: User
) -> None:
    assert api(charlie)(method, f"tenants/{tenant.slug}/{path}", body).status_code == 404


@pytest.mark.parametrize("has", list(Role))
@pytest.mark.parametrize(("method", "path", "body", "role"), CALLS)
def test_the_member_and_the_token_both_need_the_role(
    method: str, path: str, body: object, role: Role, has: Role, tenant: Tenant, alice: User, bob: User
) -> None:
    Membership.objects.filter(user=bob).update(role=has)
    address = f"tenants/{tenant.slug}/{path}"
    for call in (api(bob, Role.OWNER), api(alice, has)):
        if has < role:
            response = call(method, address, body)
            assert response.status_code == 403
            assert role.label in response.json()["detail"]
    if has >= role:
        assert api(alice, has)(method, address, body).status_code in {200, 201, 204}


def test_a_token_of_one_tenant_opens_no_other(tenant: Tenant, alice: User) -> None:
    api(alice)("post", "tenants/", {"name": "Norra Clinic"})
    call = api(alice, tenant=tenant)
    assert [one["slug"] for one in call("get", "tenants/").json()["results"]] == ["acme-health"]
    assert call("get", "tenants/norra-clinic/").status_code == 404
    assert call("post", "tenants/", {"name": "Third"}).status_code == 400


def test_expired_and_revoked_tokens_are_refused(alice: User) -> None:
    call = api(alice)
    assert call("get", "me/").json()["email"] == alice.email
    ManagementToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert call("get", "me/").status_code == 401
    ManagementToken.objects.all().delete()
    assert call("get", "me/").status_code == 401


def test_a_member_is_invited_changed_and_removed(tenant: Tenant, alice: User, bob: User) -> None:
    call = api(alice)
    made = call("post", f"tenants/{tenant.slug}/invitations/", {"email": "dora@example.org", "role": "write"})
    assert made.status_code == 201
    assert mail.outbox[-1].to == ["dora@example.org"]
    again = call(
        "post", f"tenants/{tenant.slug}/invitations/", {"email": "dora@example.org", "role": "write"}
    )
    assert again.status_code == 409
    assert "invited already" in again.json()["detail"]
    member = tenant.memberships.get(user=bob)
    changed = call("patch", f"tenants/{tenant.slug}/members/{member.pk}/", {"role": "admin"})
    assert changed.json()["role"] == "admin"
    assert call("delete", f"tenants/{tenant.slug}/members/{member.pk}/").status_code == 204
    assert not tenant.memberships.filter(user=bob).exists()


def test_what_is_not_valid_is_named_by_field(tenant: Tenant, alice: User) -> None:
    response = api(alice)("post", f"tenants/{tenant.slug}/invitations/", {"email": "no", "role": "king"})
    assert response.status_code == 400
    places = {fault["pointer"] for fault in response.json()["errors"]}
    assert places == {"#/email", "#/role"}


def test_a_subscription_is_nothing_until_it_begins(tenant: Tenant, alice: User) -> None:
    call, path = api(alice), f"tenants/{tenant.slug}/subscriptions/fhir-server/"
    assert call("get", path).status_code == 404
    assert call("put", path, {"plan": "trial"}).status_code == 200
    assert call("get", path).json()["plan"] == "trial"
    assert call("put", path.replace("fhir-server", "other"), {"plan": "trial"}).status_code == 404


def test_a_token_is_shown_once_and_only_its_hash_is_kept(alice: User, sign_in: SignIn) -> None:
    client = sign_in(alice)
    page = reverse("portal:tokens")
    made = client.post(page, {"name": "script", "role": "1", "days": "30"})
    # A reload of the page that shows it asks for the page alone.
    assert (made.status_code, made["Location"]) == (302, page)
    response = client.get(page)
    text = response.context["text"]
    assert text in response.content.decode()
    assert text not in client.get(page).content.decode()
    assert text not in str(ManagementToken.objects.values().get())
    token = ManagementToken.objects.get()
    assert sign_in(alice).post(reverse("portal:token-revoke", args=[token.pk])).status_code == 302
    assert not ManagementToken.objects.exists()


def test_nobody_revokes_anothers_token(alice: User, bob: User, sign_in: SignIn) -> None:
    token, _ = create_token(alice, "script", Role.READ, tenant=None, expires=None)
    assert sign_in(bob).post(reverse("portal:token-revoke", args=[token.pk])).status_code == 404


def test_the_schema_has_no_gaps(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn")
    assert "managementToken" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_reference_opens_without_outside_requests(client: Client) -> None:
    text = client.get(f"{BASE}docs/").content.decode()
    assert "/tenants/{slug}/members/" in text
    assert "read | write | admin | owner" in text
    assert 'src="https://' not in text
    assert 'href="https://' not in text


@pytest.mark.django_db
def test_a_body_of_unnamed_length_is_not_taken_for_none(alice: User) -> None:
    _, text = create_token(alice, "script", Role.OWNER, tenant=None, expires=None)
    # The test client always names a length; a server with a body in pieces in front of it has none.
    chunked: Any = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    answer = Client(headers={"Authorization": f"Bearer {text}"}).post(BASE + "tokens/", {}, **chunked)
    assert answer.status_code == 411
    assert "Content-Length" in answer.json()["detail"]
