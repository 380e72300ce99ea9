"""Adds the credentials' hours up by the day: weeks of hundreds of credentials are read from these.

The recorder writes hours alone, so that a request costs no more for it.
"""

from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Max
from django.utils import timezone

from gateway.models import ADDED, CredentialDay, CredentialHour

# A web process that could not reach the control database counts late.
_LATE = timedelta(hours=2)
_READ_AT_ONCE = 2000


def beginning_of(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def last_day() -> date | None:
    """All days up to it are added up, for every deployment."""
    last: date | None = CredentialDay.objects.aggregate(last=Max("day"))["last"]
    return last


def add_up_days() -> int:
    """Each day that has ended, the oldest first; returns how many days had requests. Run every few minutes."""
    last = last_day()
    hours = CredentialHour.objects.filter(hour__lt=beginning_of((timezone.now() - _LATE).date()))
    if last is not None:
        hours = hours.filter(hour__gte=beginning_of(last + timedelta(days=1)))
    added = 0
    while (first := hours.order_by("hour").values_list("hour", flat=True).first()) is not None:
        begin = beginning_of(first.astimezone(UTC).date())
        _add_up(begin)
        hours = hours.filter(hour__gte=begin + timedelta(days=1))
        added += 1
    return added


def _add_up(begin: datetime) -> None:
    """At once, or not at all: what is there is taken for the whole day."""
    hours = CredentialHour.objects.filter(hour__gte=begin, hour__lt=begin + timedelta(days=1))
    days: dict[tuple[str, str, str], CredentialDay] = {}
    for hour in hours.order_by("hour").iterator(_READ_AT_ONCE):
        key = hour.deployment_id, hour.kind, hour.credential
        kept = days.get(key)
        if kept is None:
            days[key] = kept = CredentialDay(
                deployment_id=hour.deployment_id,
                kind=hour.kind,
                credential=hour.credential,
                day=begin.date(),
                latencies=[0] * len(hour.latencies),
            )
        kept.name = hour.name
        for name in ADDED:
            setattr(kept, name, getattr(kept, name) + getattr(hour, name))
        kept.latencies = [a + b for a, b in zip(kept.latencies, hour.latencies, strict=True)]
    CredentialDay.objects.bulk_create(days.values(), batch_size=500, ignore_conflicts=True)
