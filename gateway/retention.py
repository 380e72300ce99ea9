"""How long the log is kept: lines for REQUEST_LOG_DAYS, the minutes' counts for a year."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from gateway.models import MinuteCount, RequestLog

_COUNTS_KEPT = timedelta(days=400)
_BATCH = 5000


def forget_old_lines() -> int:
    """Deletes in small transactions, so that new lines can be written meanwhile; returns how many lines."""
    end = timezone.now() - timedelta(days=settings.REQUEST_LOG_DAYS)
    deleted = 0
    while batch := list(
        RequestLog.objects.filter(time__lt=end).order_by("time").values_list("pk", flat=True)[:_BATCH]
    ):
        deleted += RequestLog.objects.filter(pk__in=batch).delete()[0]
    MinuteCount.objects.filter(minute__lt=timezone.now() - _COUNTS_KEPT).delete()
    return deleted
