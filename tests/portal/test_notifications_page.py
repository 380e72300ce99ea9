"""The page of a tenant's notifications: webhooks, their secret shown once, tests, the log and resending."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from portal.models import AuditEvent, Delivery, Tenant, User, Webhook
from tests.portal.conftest import SignIn

HOOK = "http://127.0.0.1:9/hook"


@pytest.fixture
def browser_of_alice(tenant: Tenant, alice: User, sign_in: SignIn, settings: Any) -> Client:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    return sign_in(alice)


def at(tenant: Tenant, name: str = "notifications", *ids: int) -> str:
    return reverse(f"portal:{name}", args=[tenant.slug, *ids])


def test_the_secret_is_shown_when_it_is_made_and_never_again(
    browser_of_alice: Client, tenant: Tenant
) -> None:
    answer = browser_of_alice.post(at(tenant), {"url": HOOK, "kinds": ["trial.ending"]})
    # A reload of the page that shows it asks for the page alone.
    assert (answer.status_code, answer["Location"]) == (302, at(tenant))
    made = browser_of_alice.get(at(tenant))
    webhook = Webhook.objects.get()
    assert webhook.kinds == ["trial.ending"]
    assert re.search(r"whsec_[A-Za-z0-9+/=]{44}", made.content.decode())
    assert "whsec_A" not in browser_of_alice.get(at(tenant)).content.decode()
    assert webhook.secret not in browser_of_alice.get(at(tenant)).content.decode()

    renew = at(tenant, "webhook-secret", webhook.pk)
    renewed = browser_of_alice.post(renew, follow=True).content.decode()
    assert webhook.secret not in renewed
    webhook.refresh_from_db()
    assert webhook.secret in renewed
    assert webhook.secret not in str(list(AuditEvent.objects.values_list()))


def test_an_address_that_fireside_may_not_call_is_said_at_its_field(
    browser_of_alice: Client, tenant: Tenant, settings: Any
) -> None:
    settings.OUTBOUND_ALLOWED = []
    answer = browser_of_alice.post(at(tenant), {"url": "http://169.254.169.254/latest"})
    assert answer.status_code == 422
    assert "private address" in answer.content.decode()
    assert not Webhook.objects.exists()


def test_a_test_is_logged_and_can_be_sent_again(browser_of_alice: Client, tenant: Tenant) -> None:
    browser_of_alice.post(at(tenant), {"url": HOOK})
    webhook = Webhook.objects.get()
    browser_of_alice.post(at(tenant, "webhook-test", webhook.pk))
    delivery = Delivery.objects.get()
    browser_of_alice.post(at(tenant, "delivery-resend", delivery.pk))
    assert Delivery.objects.count() == 2
    assert "A test from Fireside" in browser_of_alice.get(at(tenant)).content.decode()


def test_a_webhook_can_be_switched_off_and_removed(browser_of_alice: Client, tenant: Tenant) -> None:
    browser_of_alice.post(at(tenant), {"url": HOOK})
    webhook = Webhook.objects.get()
    browser_of_alice.post(at(tenant, "webhook-change", webhook.pk), {"kinds": ["key.expiring", "nonsense"]})
    webhook.refresh_from_db()
    assert (webhook.enabled, webhook.kinds) == (False, ["key.expiring"])
    browser_of_alice.post(at(tenant, "webhook-delete", webhook.pk))
    assert not Webhook.objects.exists()
    actions = AuditEvent.objects.filter(action__startswith="webhook.").order_by("pk")
    assert [event.action for event in actions] == ["webhook.created", "webhook.changed", "webhook.deleted"]


def test_what_a_webhook_is_told_is_said_in_words(browser_of_alice: Client, tenant: Tenant) -> None:
    browser_of_alice.post(at(tenant), {"url": HOOK, "kinds": ["trial.ending", "key.expiring"]})
    page = browser_of_alice.get(at(tenant)).content.decode()
    assert "A key expires soon · A trial ends soon, has ended, or its data is deleted soon · added" in page


def test_the_log_follows_a_delivery_until_it_has_ended(browser_of_alice: Client, tenant: Tenant) -> None:
    browser_of_alice.post(at(tenant), {"url": HOOK})
    browser_of_alice.post(at(tenant, "webhook-test", Webhook.objects.get().pk))
    waiting = browser_of_alice.get(at(tenant)).content.decode()
    assert "load delay" in waiting
    assert "&quot;type&quot;: &quot;test&quot;" in waiting
    Delivery.objects.update(state="DELIVERED", answer=204)
    ended = browser_of_alice.get(at(tenant)).content.decode()
    assert "load delay" not in ended
    assert "It answered 204." in ended


def test_another_tenants_webhook_is_not_there(browser_of_alice: Client, tenant: Tenant) -> None:
    other = Tenant.objects.create(name="Other", slug="other")
    webhook = Webhook.objects.create(tenant=other, url=HOOK, secret="whsec_AAAA")
    assert browser_of_alice.post(at(tenant, "webhook-test", webhook.pk)).status_code == 404
    assert not Delivery.objects.exists()
