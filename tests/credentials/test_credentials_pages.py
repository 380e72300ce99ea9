"""The Credentials tab: who may see and do what, and that a secret is shown once."""

import html
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from credentials.access import FULL, chosen
from credentials.models import ApiKey
from credentials.selectors import find_api_key
from credentials.services import create_api_key
from deployments.models import Deployment
from portal.models import AuditEvent, Membership, Role, User
from tests.credentials.test_api_keys import SCANNER_PATTERN

NEW = {"name": "Lab", "holder": "Lab team", "access": "full", "lifetime": "90"}


@pytest.fixture
def api_key(deployment: Deployment, alice: User) -> ApiKey:
    return create_api_key(deployment, name="Old", access=FULL, by=alice)[0]


def paths(deployment: Deployment, api_key: ApiKey) -> dict[str, tuple[str, str, Role]]:
    """Page name to (method, path, the role it needs)."""
    key = [deployment.pk, api_key.public_id]
    return {
        "list": ("get", reverse("credentials:index", args=[deployment.pk]), Role.READ),
        "new": ("get", reverse("credentials:new", args=[deployment.pk]), Role.ADMIN),
        "create": ("post", reverse("credentials:new", args=[deployment.pk]), Role.ADMIN),
        "key": ("get", reverse("credentials:key", args=key), Role.ADMIN),
        "narrow": ("post", reverse("credentials:key", args=key), Role.ADMIN),
        "end": ("post", reverse("credentials:end", args=key), Role.ADMIN),
        "rotate": ("post", reverse("credentials:rotate", args=key), Role.ADMIN),
        "end old": ("post", reverse("credentials:end-old", args=key), Role.ADMIN),
        "ask to revoke": ("get", reverse("credentials:revoke", args=key), Role.ADMIN),
        "revoke": ("post", reverse("credentials:revoke", args=key), Role.ADMIN),
    }


PAGES = ["list", "new", "create", "key", "narrow", "end", "rotate", "end old", "ask to revoke", "revoke"]


@pytest.mark.parametrize("action", PAGES)
def test_anonymous_people_are_sent_to_sign_in(
    action: str, client: Client, deployment: Deployment, api_key: ApiKey
) -> None:
    method, path, _ = paths(deployment, api_key)[action]
    response = getattr(client, method)(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("action", PAGES)
def test_strangers_find_nothing(
    action: str, client: Client, deployment: Deployment, api_key: ApiKey, charlie: User
) -> None:
    client.force_login(charlie)
    method, path, _ = paths(deployment, api_key)[action]
    assert getattr(client, method)(path).status_code == 404
    api_key.refresh_from_db()
    assert api_key.usable
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("action", PAGES)
def test_each_page_opens_from_its_role_on(
    action: str, role: Role, client: Client, deployment: Deployment, api_key: ApiKey, bob: User
) -> None:
    Membership.objects.filter(user=bob).update(role=role)
    client.force_login(bob)
    method, path, needed = paths(deployment, api_key)[action]
    status = getattr(client, method)(
        path, NEW | {"overlap": "0", "days": "7"} if method == "post" else None
    ).status_code
    assert status == 403 if role < needed else status in (200, 302)


def test_keys_of_another_deployment_are_not_found_here(
    client: Client, deployment: Deployment, api_key: ApiKey, alice: User
) -> None:
    other = Deployment.objects.create(
        tenant=deployment.tenant, name="Other", size="xs", region=deployment.region
    )
    client.force_login(alice)
    assert client.get(reverse("credentials:key", args=[other.pk, api_key.public_id])).status_code == 404


def test_a_new_key_is_shown_once_and_works(client: Client, deployment: Deployment, alice: User) -> None:
    client.force_login(alice)
    response = client.post(reverse("credentials:new", args=[deployment.pk]), NEW, follow=True)
    shown = SCANNER_PATTERN.findall(html.unescape(response.content.decode()))
    assert len(set(shown)) == 1
    found = find_api_key(shown[0])
    assert found is not None
    assert (found.name, found.holder, found.access) == ("Lab", "Lab team", FULL)
    again = client.get(reverse("credentials:index", args=[deployment.pk]))
    assert not SCANNER_PATTERN.search(again.content.decode())


def test_a_new_secret_does_not_appear_on_another_deployments_page(
    client: Client, deployment: Deployment, alice: User
) -> None:
    other = Deployment.objects.create(
        tenant=deployment.tenant, name="Other", size="xs", region=deployment.region
    )
    client.force_login(alice)
    client.post(reverse("credentials:new", args=[deployment.pk]), NEW)
    page = client.get(reverse("credentials:index", args=[other.pk]))
    assert not SCANNER_PATTERN.search(page.content.decode())


def test_the_session_never_holds_a_secret_in_clear(
    client: Client, deployment: Deployment, alice: User
) -> None:
    client.force_login(alice)
    client.post(reverse("credentials:new", args=[deployment.pk]), NEW)
    assert "fsk_" not in str(dict(client.session))


def test_chosen_permissions_are_written_one_a_line(
    client: Client, deployment: Deployment, alice: User
) -> None:
    client.force_login(alice)
    asked = NEW | {"access": "chosen", "permissions": "Patient.rs\r\nObservation.cruds"}
    client.post(reverse("credentials:new", args=[deployment.pk]), asked)
    assert ApiKey.objects.get().access == chosen({"Patient": "rs", "Observation": "cruds"})


@pytest.mark.parametrize("lines", ["", "Patient", "Patient.xyz", "patient.r", "Patient.", "<script>.r"])
def test_nonsense_permissions_are_refused_with_words(
    lines: str, client: Client, deployment: Deployment, alice: User
) -> None:
    client.force_login(alice)
    asked = NEW | {"access": "chosen", "permissions": lines}
    response = client.post(reverse("credentials:new", args=[deployment.pk]), asked)
    assert response.status_code == 422
    assert "<script>.r" not in response.content.decode()
    assert not ApiKey.objects.exists()


def test_a_hostile_name_is_only_text(client: Client, deployment: Deployment, alice: User) -> None:
    client.force_login(alice)
    client.post(
        reverse("credentials:new", args=[deployment.pk]), NEW | {"name": "<img src=x onerror=alert(1)>"}
    )
    page = client.get(reverse("credentials:index", args=[deployment.pk])).content.decode()
    assert "<img" not in page
    assert re.search("&lt;img", page)


def test_every_change_of_a_key_is_audited(
    client: Client, deployment: Deployment, api_key: ApiKey, alice: User
) -> None:
    client.force_login(alice)
    args = [deployment.pk, api_key.public_id]
    client.post(reverse("credentials:rotate", args=args), {"overlap": "1"})
    client.post(reverse("credentials:key", args=args), {"access": "read-only"})
    client.post(reverse("credentials:end-old", args=args))
    client.post(reverse("credentials:revoke", args=args))
    actions = list(AuditEvent.objects.filter(actor=alice).order_by("pk").values_list("action", flat=True))
    kinds = ["created", "rotated", "narrowed", "old_secrets_ended", "revoked"]
    assert actions == [f"api_key.{kind}" for kind in kinds]


def test_a_key_ends_sooner_but_never_later(
    client: Client, deployment: Deployment, api_key: ApiKey, alice: User
) -> None:
    client.force_login(alice)
    args = [deployment.pk, api_key.public_id]
    page, end = reverse("credentials:key", args=args), reverse("credentials:end", args=args)
    assert "It has no end yet." in client.get(page).content.decode()
    done = client.post(end, {"days": "7"}, follow=True).content.decode()
    assert "Old ends in 7 days." in done
    api_key.refresh_from_db()
    assert api_key.expires is not None
    assert timedelta(days=6) < api_key.expires - timezone.now() <= timedelta(days=7)
    assert [value for value, _ in client.get(page).context["end_form"].sooner] == ["1"]
    later = client.post(end, {"days": "30"})
    assert (later.status_code, bool(later.context["end_form"].errors["days"])) == (422, True)
    client.post(end, {"days": "1"})
    assert "Let it end sooner" not in client.get(page).content.decode()
