"""Notice before a key ends: a week before, a day before, and when it has ended; each once."""

import math
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from credentials.models import ApiKey
from portal.notifications import NoticeKind, notify

DAYS_BEFORE = (7, 1, 0)
_FIRST = timedelta(days=DAYS_BEFORE[0])
# Who was away for so long learns of the end from the page; the mail would come for keys that ended long ago.
_LATEST = timedelta(days=2)


def warn_of_ending_keys() -> int:
    """Send what is due and not sent yet; run it every hour. Returns how many warnings went out."""
    now = timezone.now()
    ending = ApiKey.objects.filter(
        revoked=None,
        expires__gt=now - _LATEST,
        expires__lte=now + _FIRST,
        deployment__tenant__deleted__isnull=True,
    ).select_related("deployment__tenant")
    return sum(_warn(api_key) for api_key in ending)


def _warn(api_key: ApiKey) -> bool:
    if api_key.expires is None:
        return False
    left = (api_key.expires - timezone.now()) / timedelta(days=1)
    # A key that lives for a shorter time than the warning allows for was made so on purpose.
    lifetime = (api_key.expires - api_key.created) / timedelta(days=1)
    due = min((days for days in DAYS_BEFORE if left <= days < lifetime), default=None)
    if due is None:
        return False
    subject, text = _words(api_key, left)
    facts = {
        "deployment": api_key.deployment_id,
        "key": api_key.prefix,
        "name": api_key.name,
        "expires": api_key.expires.isoformat(),
    }
    once = f"key-{api_key.pk}-{api_key.expires.isoformat()}-{due}"
    with transaction.atomic():
        tenant = api_key.deployment.tenant
        return notify(NoticeKind.KEY_EXPIRING, tenant, subject, text, facts=facts, once=once) is not None


def _words(api_key: ApiKey, left: float) -> tuple[str, str]:
    path = reverse("credentials:key", args=[api_key.deployment_id, api_key.public_id])
    where = f"“{api_key.name}” ({api_key.prefix}…) of {api_key.deployment.name}"
    used = api_key.last_used_at.strftime("%-d %B %Y, %H:%M UTC") if api_key.last_used_at else "never"
    mend = (
        f"It was last used: {used}.\n\nCreate a new key, give it to whoever holds this one, and revoke this: "
    )
    mend += settings.PUBLIC_URL + path
    if left <= 0:
        return f"The key {api_key.name} has expired", f"Requests with the key {where} are refused now. {mend}"
    days = max(math.ceil(left), 1)
    soon = f"{days} day{'' if days == 1 else 's'}"
    return (
        f"The key {api_key.name} expires in {soon}",
        f"In {soon} requests with the key {where} will be refused. {mend}",
    )
