"""How long the log is kept: lines for as many days as the tenant's plan says, counts for a year, hours of credentials until they are days."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db.models import Max, QuerySet
from django.utils import timezone

from deployments.models import Deployment
from gateway.models import (
    CredentialDay,
    CredentialHour,
    HourCount,
    MinuteCount,
    PatientBlock,
    RequestLog,
    UsedRight,
)
from gateway.used_rights import LONGEST_LOOK
from portal.models import PlanTerms
from portal.plans import get_terms

_COUNTS_KEPT = timedelta(days=400)
# The metrics page shows 30 days, the first of them in part.
_CREDENTIAL_HOURS_KEPT = timedelta(days=40)
_BATCH = 5000


def forget_old_lines() -> int:
    """Deletes in small transactions, so that new lines can be written meanwhile; returns how many lines."""
    days = {one.pk: get_terms(one.tenant).log_days for one in Deployment.objects.select_related("tenant")}
    longest = PlanTerms.objects.aggregate(days=Max("log_days"))["days"]
    # Late lines of deployments that are gone are kept for the longest.
    deleted = sum(_forget(logged, days.get(logged, longest)) for logged in _logged_deployments())
    end = timezone.now() - _COUNTS_KEPT
    _delete(MinuteCount.objects.filter(minute__lt=end).order_by("minute"))
    _delete(HourCount.objects.filter(hour__lt=end).order_by("hour"))
    _delete(CredentialDay.objects.filter(day__lt=end.date()).order_by("day"))
    hours = CredentialHour.objects.filter(hour__lt=timezone.now() - _CREDENTIAL_HOURS_KEPT)
    _delete(hours.order_by("hour"))
    _delete(UsedRight.objects.filter(day__lt=(timezone.now() - LONGEST_LOOK).date()).order_by("day"))
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
    deleted = _delete(old)
    _delete(PatientBlock.objects.filter(deployment=deployment_id, newest__lt=end).order_by("newest"))
    return deleted


def _delete(old: QuerySet[Any]) -> int:
    deleted = 0
    while batch := list(old.values_list("pk", flat=True)[:_BATCH]):
        deleted += old.model.objects.filter(pk__in=batch).delete()[0]
    return deleted
