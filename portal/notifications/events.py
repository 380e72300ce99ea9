"""From something that happened to the deliveries that tell it."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.utils import timezone

from portal.models import Delivery, DeliveryState, Notification, Role, Tenant, Webhook
from portal.notifications.kinds import NoticeKind

logger = logging.getLogger(__name__)

DELIVER = "portal.tasks.deliver"
KEPT = timedelta(days=90)
# A message that no worker took in this time is sent again.
MESSAGE_LOST_AFTER = timedelta(seconds=60)
FOOT = "\n\nYou get this as an administrator of {tenant}. Switch such mail off on your account page."


@transaction.atomic
def notify(
    kind: NoticeKind,
    tenant: Tenant,
    subject: str,
    text: str,
    *,
    facts: Mapping[str, Any] | None = None,
    once: str = "",
) -> Notification | None:
    """Tell the tenant's administrators who want mail, and its webhooks. None when `once` was told before.

    `subject` and `text` are for people, `facts` (JSON values, never a secret) for the webhooks' programs.
    """
    told = {"kind": kind.value, "subject": subject[:200], "text": text, "facts": dict(facts or {})}
    if once:
        notification, is_new = Notification.objects.get_or_create(tenant=tenant, once=once, defaults=told)
        if not is_new:
            return None
    else:
        notification = Notification.objects.create(tenant=tenant, **told)
    for address in _administrators(tenant):
        _add(Delivery(notification=notification, is_mail=True, target=address))
    for webhook in tenant.webhooks.filter(enabled=True):
        if not webhook.kinds or kind.value in webhook.kinds:
            _add(Delivery(notification=notification, webhook=webhook, target=webhook.url))
    return notification


@transaction.atomic
def send_test(webhook: Webhook) -> Delivery:
    """A notification for this webhook alone."""
    notification = Notification.objects.create(
        tenant=webhook.tenant,
        kind=NoticeKind.TEST,
        subject="A test from Fireside",
        text=f"The webhook {webhook.url} of {webhook.tenant.name} works when you can read this.",
    )
    return _add(Delivery(notification=notification, webhook=webhook, target=webhook.url))


@transaction.atomic
def resend(delivery: Delivery) -> Delivery:
    """The same notification to the same target again, as a delivery of its own."""
    return _add(
        Delivery(
            notification=delivery.notification,
            webhook=delivery.webhook,
            is_mail=delivery.is_mail,
            target=delivery.webhook.url if delivery.webhook else delivery.target,
        )
    )


def _administrators(tenant: Tenant) -> list[str]:
    members = tenant.memberships.filter(
        role__gte=Role.ADMIN, user__is_active=True, user__wants_notices=True
    ).select_related("user")
    return [member.user.email for member in members]


def _add(delivery: Delivery) -> Delivery:
    delivery.next_attempt = timezone.now() + MESSAGE_LOST_AFTER
    delivery.save()
    transaction.on_commit(lambda: send(delivery.pk, 0))
    return delivery


def send(delivery_id: int, attempt: int) -> None:
    """Tell the workers. Whatever the broker's client raises is no loss: `send_due` sends again."""
    try:
        current_app.send_task(DELIVER, args=[delivery_id, attempt], retry=False)
    except Exception as error:
        logger.warning("delivery %s waits: the broker did not take its message (%s)", delivery_id, error)


def send_due() -> int:
    """Queue each delivery whose next attempt has come; returns how many. Run every few seconds."""
    now = timezone.now()
    due = Delivery.objects.filter(state=DeliveryState.PENDING, next_attempt__lte=now)
    sent = 0
    for delivery_id, attempts, was_due in due.values_list("pk", "attempts", "next_attempt")[:500]:
        ours = due.filter(pk=delivery_id, attempts=attempts, next_attempt=was_due)
        if ours.update(next_attempt=now + MESSAGE_LOST_AFTER):
            send(delivery_id, attempts)
            sent += 1
    return sent


def forget_old() -> int:
    """Notifications and their deliveries are kept for 90 days; returns how many rows went."""
    return Notification.objects.filter(created__lt=timezone.now() - KEPT).delete()[0]
