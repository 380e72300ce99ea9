"""One attempt to deliver: claimed by its number, so that a message that comes twice is sent once; tried again ever later."""

import json
import time
from datetime import timedelta
from smtplib import SMTPException

from django.core.mail import EmailMessage
from django.utils import timezone

from portal.mail import subject_of
from portal.models import Delivery, DeliveryState, Webhook
from portal.notifications.events import FOOT
from portal.notifications.kinds import NoticeKind
from portal.notifications.signing import signed_headers
from portal.outbound import OutboundError, stream

# After the first attempt, and after each that failed too. A receiver may be down for a night and a day.
PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (30, 120, 600, 3_600, 3 * 3_600, 8 * 3_600, 24 * 3_600)
)
ANSWER_SECONDS = 10.0


class Undelivered(Exception):
    """Why an attempt failed, in words for the log of deliveries. `answer` is the receiver's status, if it gave one."""

    def __init__(self, words: str, answer: int | None = None) -> None:
        super().__init__(words)
        self.answer = answer


def deliver(delivery_id: int, attempt: int) -> None:
    """Make attempt number `attempt` (from 0) if nobody has; never raises for what a receiver does."""
    pause = PAUSES[min(attempt, len(PAUSES) - 1)]
    claimed = Delivery.objects.filter(pk=delivery_id, state=DeliveryState.PENDING, attempts=attempt).update(
        attempts=attempt + 1, next_attempt=timezone.now() + pause
    )
    if not claimed:
        return
    delivery = Delivery.objects.select_related("notification__tenant", "webhook").get(pk=delivery_id)
    try:
        answer = _send(delivery)
    except Undelivered as failure:
        _note_failure(delivery, failure)
    else:
        _note(delivery, DeliveryState.DELIVERED, answer, "")


def _send(delivery: Delivery) -> int | None:
    """The receiver's status, None for mail. Raises Undelivered."""
    if delivery.is_mail:
        _send_mail(delivery)
        return None
    if delivery.webhook is None:
        raise Undelivered("The webhook was removed.")
    if not delivery.webhook.enabled and delivery.notification.kind != NoticeKind.TEST:
        raise Undelivered("The webhook is switched off.")
    return _post(delivery, delivery.webhook)


def _send_mail(delivery: Delivery) -> None:
    notification = delivery.notification
    text = notification.text + FOOT.format(tenant=notification.tenant.name)
    try:
        EmailMessage(subject_of(notification.subject), text, None, [delivery.target]).send()
    except (SMTPException, OSError) as error:
        raise Undelivered(f"The mail server did not take it: {error}") from error


def body_of(delivery: Delivery) -> bytes:
    """The same for each attempt, so that a receiver can tell a repetition by its `id`."""
    notification = delivery.notification
    tenant = notification.tenant
    content = {
        "id": message_id(delivery),
        "type": notification.kind,
        "timestamp": notification.created.isoformat(),
        "tenant": {"slug": tenant.slug, "name": tenant.name},
        "subject": notification.subject,
        "text": notification.text,
        "data": notification.facts,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def message_id(delivery: Delivery) -> str:
    return f"msg_{delivery.notification_id}"


def _post(delivery: Delivery, webhook: Webhook) -> int:
    body = body_of(delivery)
    try:
        headers = signed_headers(webhook.secret, message_id(delivery), int(time.time()), body)
        # The status says it all: a long or slow body would only hold a worker, and repeat what was taken.
        with stream(
            webhook.url, method="POST", headers=headers, content=body, timeout=ANSWER_SECONDS
        ) as answer:
            status = answer.status_code
    except OutboundError as error:
        raise Undelivered(str(error)) from error
    if 300 <= status < 400:
        raise Undelivered(f"It answered {status}: give the address where it leads to.", status)
    if not 200 <= status < 300:
        raise Undelivered(f"It answered {status}.", status)
    return status


def _note_failure(delivery: Delivery, failure: Undelivered) -> None:
    last = delivery.attempts > len(PAUSES) or (delivery.webhook is None and not delivery.is_mail)
    _note(delivery, DeliveryState.FAILED if last else DeliveryState.PENDING, failure.answer, str(failure))


def _note(delivery: Delivery, state: DeliveryState, answer: int | None, error: str) -> None:
    Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts).update(
        state=state,
        answer=answer,
        error=error[:300],
        finished=None if state is DeliveryState.PENDING else timezone.now(),
    )
