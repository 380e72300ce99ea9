"""Notifications reach administrators and webhooks: once, signed, again after a failure, and with a log."""

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.utils import timezone

from portal.guides import EXAMPLES
from portal.models import Delivery, Membership, Notification, Role, Tenant, User, Webhook
from portal.notifications import NoticeKind, events, notify
from portal.notifications.delivery import PAUSES, deliver
from portal.notifications.signing import PREFIX, new_secret
from tests.portal.delivering import deliver_all


class Receiver:
    """A webhook's receiver on this machine: what came, and what it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status, self.body = 204, b""
        receiver = self

        class Takes(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.end_headers()
                with suppress(ConnectionError):
                    self.wfile.write(receiver.body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Takes)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    made = Receiver()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def webhook(tenant: Tenant, alice: User, receiver: Receiver) -> Webhook:
    User.objects.update(wants_notices=False)
    return Webhook.objects.create(tenant=tenant, url=receiver.url, secret=new_secret(), created_by=alice)


def tell(tenant: Tenant, once: str = "") -> Notification | None:
    return notify(
        NoticeKind.KEY_EXPIRING, tenant, "Key Lab expires", "Rotate it.", facts={"key": "fsk_1"}, once=once
    )


def test_each_administrator_gets_a_mail_of_their_own(tenant: Tenant, bob: User) -> None:
    Membership.objects.filter(user=bob).update(role=Role.ADMIN)
    tell(tenant)
    deliver_all()
    assert sorted(message.to[0] for message in mail.outbox) == ["alice@example.org", "bob@example.org"]
    assert "Rotate it." in str(mail.outbox[0].body)


def test_what_has_a_name_is_told_once(tenant: Tenant) -> None:
    assert tell(tenant, "key-1-7") is not None
    assert tell(tenant, "key-1-7") is None
    assert tell(tenant, "key-1-1") is not None
    deliver_all()
    assert len(mail.outbox) == 2


def test_a_receiver_can_check_the_signature(tenant: Tenant, webhook: Webhook, receiver: Receiver) -> None:
    tell(tenant)
    deliver_all()
    ((headers, body),) = receiver.got
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(webhook.secret.removeprefix(PREFIX))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    content = json.loads(body)
    assert (content["type"], content["data"], content["tenant"]["slug"]) == (
        "key.expiring",
        {"key": "fsk_1"},
        "acme-health",
    )
    assert content["id"] == headers["webhook-id"]
    assert Delivery.objects.get().state == "DELIVERED"


def test_a_failed_delivery_is_tried_again_ever_later_and_given_up(
    tenant: Tenant, webhook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "send", deliver)
    receiver.status = 500
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        tell(tenant)
        deliver_all()
        for pause in PAUSES:
            clock.shift(pause - timedelta(seconds=1))
            assert events.send_due() == 0
            clock.shift(timedelta(seconds=2))
            assert events.send_due() == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.answer) == ("FAILED", len(PAUSES) + 1, 500)
    assert delivery.error == "It answered 500."
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_the_status_alone_says_whether_it_was_taken(
    tenant: Tenant, webhook: Webhook, receiver: Receiver
) -> None:
    receiver.status, receiver.body = 200, b"x" * 5_000_000
    tell(tenant)
    deliver_all()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.answer, delivery.error) == ("DELIVERED", 200, "")


def test_a_receiver_that_moved_is_told_so(tenant: Tenant, webhook: Webhook, receiver: Receiver) -> None:
    receiver.status = 302
    tell(tenant)
    deliver_all()
    assert "give the address" in Delivery.objects.get().error


def test_a_message_that_comes_twice_is_sent_once(
    tenant: Tenant, webhook: Webhook, receiver: Receiver
) -> None:
    tell(tenant)
    delivery = Delivery.objects.get()
    deliver(delivery.pk, 0)
    deliver(delivery.pk, 0)
    assert len(receiver.got) == 1


def test_a_lost_message_is_found_again(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "send", deliver)
    tell(tenant)
    assert events.send_due() == 0
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        assert events.send_due() == 1
        assert events.send_due() == 0
    assert len(mail.outbox) == 1


def test_a_webhook_gets_the_kinds_it_asked_for(tenant: Tenant, webhook: Webhook, receiver: Receiver) -> None:
    webhook.kinds = [NoticeKind.TRIAL_ENDING.value]
    webhook.save()
    tell(tenant)
    notify(NoticeKind.TRIAL_ENDING, tenant, "The trial ends", "Soon.")
    events.send_test(webhook)
    deliver_all()
    assert [json.loads(body)["type"] for _, body in receiver.got] == ["trial.ending", "test"]


def test_resending_makes_a_delivery_of_its_own(tenant: Tenant, webhook: Webhook, receiver: Receiver) -> None:
    tell(tenant)
    deliver_all()
    events.resend(Delivery.objects.get())
    deliver_all()
    assert [delivery.state for delivery in Delivery.objects.all()] == ["DELIVERED", "DELIVERED"]
    assert receiver.got[0][1] == receiver.got[1][1]


def test_a_private_address_is_never_called(tenant: Tenant, webhook: Webhook, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED = []
    tell(tenant)
    deliver_all()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.answer) == ("PENDING", None)
    assert "private address" in delivery.error


def test_what_waits_for_a_removed_webhook_ends(tenant: Tenant, webhook: Webhook) -> None:
    tell(tenant)
    webhook.delete()
    deliver_all()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.error) == ("FAILED", "The webhook was removed.")


def test_what_waits_for_a_webhook_that_is_switched_off_waits_on(
    tenant: Tenant, webhook: Webhook, receiver: Receiver
) -> None:
    tell(tenant)
    Webhook.objects.update(enabled=False)
    deliver_all()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.error) == ("PENDING", "The webhook is switched off.")
    assert receiver.got == []
    Webhook.objects.update(enabled=True)
    deliver_all()
    assert Delivery.objects.get().state == "DELIVERED"


def test_old_notifications_are_forgotten(tenant: Tenant) -> None:
    tell(tenant)
    with time_machine.travel(timezone.now() + timedelta(days=91)):
        events.forget_old()
    assert not Notification.objects.exists()


def test_the_secret_of_a_webhook_is_encrypted_at_rest(webhook: Webhook) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM portal_webhook")
        ((stored,),) = cursor.fetchall()
    assert PREFIX not in stored
    assert Webhook.objects.get().secret.startswith(PREFIX)


def test_the_receiver_of_the_guide_takes_what_is_genuine_and_refuses_the_rest(
    tenant: Tenant, alice: User, settings: Any
) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    User.objects.update(wants_notices=False)
    webhook = Webhook.objects.create(tenant=tenant, url="http://127.0.0.1", secret=new_secret())
    line = [sys.executable, str(EXAMPLES / "webhook-receiver.py"), "0"]
    environment = {"WEBHOOK_SECRET": webhook.secret}
    with subprocess.Popen(
        line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as receiving:
        assert receiving.stdout is not None
        try:
            address = receiving.stdout.readline().split()[-1]
            Webhook.objects.update(url=address)
            for kind in NoticeKind:
                notify(kind, tenant, f"About {kind.value}", "It happened.", facts={"n": 1})
            deliver_all()
            told = [receiving.stdout.readline().split(maxsplit=1) for _ in NoticeKind]
            assert [kind for kind, _ in told] == [kind.value for kind in NoticeKind]
            assert told[0][1].startswith("acme-health About")
            Webhook.objects.update(secret=new_secret())
            tell(tenant)
            deliver_all()
        finally:
            receiving.terminate()
    states = list(Delivery.objects.order_by("pk").values_list("state", "answer"))
    assert states == [("DELIVERED", 204)] * len(NoticeKind) + [("PENDING", 400)]
