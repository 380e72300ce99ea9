"""Notice before a trial ends: a week before, a day before, and when it has ended; each once."""

import math
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from portal.models import Plan, Subscription
from portal.notifications import NoticeKind, notify
from portal.plans import KEPT_AFTER_TRIAL

DAYS_BEFORE = (7, 1, 0)
FIRST = timedelta(days=DAYS_BEFORE[0])


def warn_trials() -> int:
    """Send what is due and not sent yet; run it every hour. Returns how many trials were warned about."""
    ending = Subscription.objects.filter(
        plan=Plan.TRIAL, expires__lte=timezone.now() + FIRST, tenant__deleted__isnull=True
    ).select_related("tenant")
    return sum(_warn(subscription) for subscription in ending)


@transaction.atomic
def _warn(subscription: Subscription) -> bool:
    """What cannot be told is not noted as told either."""
    due = _due(subscription)
    if (
        due is None
        or subscription.expires is None
        or (subscription.warned_days is not None and subscription.warned_days <= due)
    ):
        return False
    # Only the worker that changes the row sends the mail.
    own = Subscription.objects.filter(pk=subscription.pk, warned_days=subscription.warned_days)
    if not own.update(warned_days=due):
        return False
    subject, text = _words(subscription, due)
    facts = {"service": subscription.service, "expires": subscription.expires.isoformat(), "days": due}
    notify(NoticeKind.TRIAL_ENDING, subscription.tenant, subject, text, facts=facts)
    return True


def _due(subscription: Subscription) -> int | None:
    """The latest warning whose time has come: 7, 1 or 0; None before the first."""
    if subscription.expires is None:
        return None
    left = (subscription.expires - timezone.now()) / timedelta(days=1)
    return min((days for days in DAYS_BEFORE if left <= days), default=None)


def _words(subscription: Subscription, due: int) -> tuple[str, str]:
    name = subscription.tenant.name
    url = settings.PUBLIC_URL + reverse("portal:subscribe", args=[subscription.service])
    if due == 0:
        return (
            f"The trial of {name} has ended",
            f"The deployments of {name} are stopped. Their data is kept for {KEPT_AFTER_TRIAL.days} days.\n\n"
            f"Subscribe to start them again: {url}",
        )
    left = (subscription.expires or timezone.now()) - timezone.now()
    days = max(math.ceil(left / timedelta(days=1)), 1)
    ends = f"{days} day{'' if days == 1 else 's'}"
    return (
        f"The trial of {name} ends in {ends}",
        f"In {ends} the deployments of {name} stop. Their data is kept for {KEPT_AFTER_TRIAL.days} days more.\n\n"
        f"Subscribe to go on: {url}",
    )
