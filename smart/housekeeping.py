"""Rows that nobody can use any more: spent codes, old assertions, authorizations whose tokens have all ended."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from smart.models import Authorization, AuthorizationCode, DeviceCode, Launch, RefreshToken, UsedAssertion

# A spent code or refresh token is kept for so long, to notice that somebody uses it again.
_KEEP = timedelta(days=1)
_KEEP_AUTHORIZATIONS = timedelta(days=30)
_BATCH = 5000


def forget_ended() -> int:
    """How many rows went. Runs every few minutes, in small steps."""
    now = timezone.now()
    gone = 0
    for rows in (
        UsedAssertion.objects.filter(expires__lt=now),
        RefreshToken.objects.filter(expires__lt=now - _KEEP),
        Launch.objects.filter(created__lt=now - _KEEP),
        DeviceCode.objects.filter(expires__lt=now - _KEEP),
        AuthorizationCode.objects.filter(expires__lt=now - _KEEP_AUTHORIZATIONS),
        _ended_authorizations(now - _KEEP_AUTHORIZATIONS, person=True),
        # A backend service gets one with each token; their tokens live for minutes.
        _ended_authorizations(now - _KEEP, person=False),
    ):
        gone += rows.model.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[:_BATCH])).delete()[0]
    return gone


def _ended_authorizations(before: datetime, *, person: bool) -> QuerySet[Authorization]:
    """Older than any access token lives, and without a refresh token that is left."""
    left = RefreshToken.objects.filter(authorization=OuterRef("pk"))
    return Authorization.objects.filter(~Exists(left), created__lt=before, user__isnull=not person)
