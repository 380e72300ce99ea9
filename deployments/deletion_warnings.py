"""Notice before the data of a deployment is deleted whose trial has ended: a week and a day before, each once."""

import math
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from deployments.expiry import deleted_at
from deployments.models import Deployment, State
from portal.notifications import NoticeKind, notify
from portal.plans import FHIR_SERVER, KEPT_AFTER_TRIAL
from portal.subscriptions import get_entitlement

DAYS_BEFORE = (7, 1)
_FIRST = timedelta(days=DAYS_BEFORE[0])


def warn_of_deletions() -> int:
    """Send what is due and not sent yet; run it every hour. Returns how many warnings went out."""
    ended = Deployment.objects.filter(
        expires__lte=timezone.now() - KEPT_AFTER_TRIAL + _FIRST, tenant__deleted__isnull=True
    ).exclude(state=State.DELETING)
    return sum(_warn(deployment) for deployment in ended.select_related("tenant"))


def _warn(deployment: Deployment) -> bool:
    if deployment.expires is None or get_entitlement(deployment.tenant).allowed:
        return False
    end = deleted_at(deployment.expires)
    left = (end - timezone.now()) / timedelta(days=1)
    due = min((days for days in DAYS_BEFORE if 0 < left <= days), default=None)
    if due is None:
        return False
    count = max(math.ceil(left), 1)
    days = f"{count} day{'' if count == 1 else 's'}"
    url = settings.PUBLIC_URL + reverse("portal:subscribe", args=[FHIR_SERVER.slug])
    told = notify(
        NoticeKind.TRIAL_ENDING,
        deployment.tenant,
        f"The data of {deployment.name} is deleted in {days}",
        f"The trial of {deployment.tenant.name} has ended. In {days}, on {end:%-d %B %Y}, {deployment.name} ({deployment.pk}) is deleted"
        f" with its data, keys and applications, and nobody can bring them back.\n\nSubscribe to keep it and start it again: {url}",
        facts={"deployment": deployment.pk, "name": deployment.name, "deleted": end.isoformat()},
        once=f"deletion-{deployment.pk}-{end.isoformat()}-{due}",
    )
    return told is not None
