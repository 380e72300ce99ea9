"""How long the log is kept: lines for as many days as the tenant's plan says, the minutes' counts for a year."""

from datetime import timedelta

from django.db.models import Max, QuerySet
from django.utils import timezone

from deployments.models import Deployment
from gateway.models import CredentialHour, HourCount, MinuteCount, RequestLog
from portal.models import PlanTerms
from portal.plans import get_terms

_COUNTS_KEPT = timedelta(days=400)
_BATCH = 5000


def forget_old_lines() -> int:
    """Deletes in small transactions, so that new lines can be written meanwhile; returns how many lines."""
    deleted = 0
    for deployment in Deployment.objects.select_related("tenant"):
        days = get_terms(deployment.tenant).log_days
        deleted += _forget(RequestLog.objects.filter(deployment=deployment), days)
    longest = PlanTerms.objects.aggregate(days=Max("log_days"))["days"]
    # Of deployments that are gone.
    deleted += _forget(RequestLog.objects.all(), longest)
    MinuteCount.objects.filter(minute__lt=timezone.now() - _COUNTS_KEPT).delete()
    HourCount.objects.filter(hour__lt=timezone.now() - _COUNTS_KEPT).delete()
    CredentialHour.objects.filter(hour__lt=timezone.now() - _COUNTS_KEPT).delete()
    return deleted


def _forget(lines: QuerySet[RequestLog], days: int) -> int:
    old = lines.filter(time__lt=timezone.now() - timedelta(days=days)).order_by("time")
    deleted = 0
    while batch := list(old.values_list("pk", flat=True)[:_BATCH]):
        deleted += RequestLog.objects.filter(pk__in=batch).delete()[0]
    return deleted
