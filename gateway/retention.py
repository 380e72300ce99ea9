"""How long the log is kept: lines for as many days as the tenant's plan says, the minutes' counts for a year."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Max
from django.utils import timezone

from deployments.models import Deployment
from gateway.models import CredentialHour, HourCount, MinuteCount, PatientBlock, RequestLog
from portal.models import PlanTerms
from portal.plans import get_terms

_COUNTS_KEPT = timedelta(days=400)
_BATCH = 5000


def forget_old_lines() -> int:
    """Deletes in small transactions, so that new lines can be written meanwhile; returns how many lines."""
    days = {one.pk: get_terms(one.tenant).log_days for one in Deployment.objects.select_related("tenant")}
    longest = PlanTerms.objects.aggregate(days=Max("log_days"))["days"]
    # Late lines of deployments that are gone are kept for the longest.
    deleted = sum(_forget(logged, days.get(logged, longest)) for logged in _logged_deployments())
    MinuteCount.objects.filter(minute__lt=timezone.now() - _COUNTS_KEPT).delete()
    HourCount.objects.filter(hour__lt=timezone.now() - _COUNTS_KEPT).delete()
    CredentialHour.objects.filter(hour__lt=timezone.now() - _COUNTS_KEPT).delete()
    return deleted


def _logged_deployments() -> Iterator[str]:
    """One step along the log's index for each."""
    last = ""
    while found := (
        RequestLog.objects.filter(deployment_id__gt=last)
        .order_by("deployment_id")
        .values_list("deployment_id", flat=True)
        .first()
    ):
        yield found
        last = found


def _forget(deployment_id: str, days: int) -> int:
    end = timezone.now() - timedelta(days=days)
    old = RequestLog.objects.filter(deployment=deployment_id, time__lt=end).order_by("time", "pk")
    deleted = 0
    while batch := list(old.values_list("pk", flat=True)[:_BATCH]):
        deleted += RequestLog.objects.filter(pk__in=batch).delete()[0]
    PatientBlock.objects.filter(deployment=deployment_id, newest__lt=end).delete()
    return deleted
