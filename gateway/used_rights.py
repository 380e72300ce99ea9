"""Adds up by the day what the requests of keys needed, so that a key's page need not look through a month of the log."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, Max, Min, QuerySet, Value, When
from django.db.models.functions import StrIndex, Substr
from django.utils import timezone

from deployments.models import Deployment
from gateway.credential_days import beginning_of
from gateway.decisions import CredentialKind
from gateway.models import CredentialDay, RequestLog, UsedRight

LONGEST_LOOK = timedelta(days=90)
_DAY = timedelta(days=1)
_KEPT = ("credential", "interaction", "first", "by_id", "status", "requests", "last")

# interaction, first part of the path, whether more follows it, status, how many requests, the last of them
Row = tuple[str, str, bool, int, int, datetime]


def add_up_rights() -> int:
    """Each day whose credentials are added up (gateway.credential_days), the oldest first; returns how many. Run every few minutes."""
    _, last = _summed()
    new = CredentialDay.objects.filter(
        kind=CredentialKind.API_KEY,
        day__gt=last or (timezone.now() - LONGEST_LOOK).date(),
        # Failures use no right: a day of them alone would leave nothing and be looked through again and again.
        requests__gt=F("client_errors") + F("server_errors"),
    ).aggregate(first=Min("day"), last=Max("day"))
    if new["last"] is None:
        return 0
    # Requests are counted on the day on which they ended, lines stand at the one on which they began.
    day: date = last + _DAY if last else new["first"] - _DAY
    added = 0
    while day <= new["last"]:
        _add_up(day)
        day += _DAY
        added += 1
    return added


def _summed() -> tuple[date | None, date | None]:
    """All days from the first to the second are added up, for every deployment."""
    found = UsedRight.objects.aggregate(first=Min("day"), last=Max("day"))
    return found["first"], found["last"]


def _add_up(day: date) -> None:
    """At once, or not at all: what is there is taken for the whole day."""
    begin = beginning_of(day)
    rows = []
    for deployment_id in Deployment.objects.values_list("pk", flat=True):
        lines = RequestLog.objects.filter(deployment_id=deployment_id, time__gte=begin, time__lt=begin + _DAY)
        for row in _grouped(lines).values_list(*_KEPT):
            rows.append(UsedRight(deployment_id=deployment_id, day=day, **dict(zip(_KEPT, row, strict=True))))  # noqa: PERF401
    UsedRight.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)


def each_use(deployment_id: str, credential: str, since: datetime) -> Iterator[Row]:
    """Of the key's requests that succeeded: days where they are added up, lines where not."""
    lines = RequestLog.objects.filter(deployment_id=deployment_id, credential=credential)
    first, last = _summed()
    whole = (since + _DAY - timedelta(microseconds=1)).date()
    if first is None or last is None or last < whole:
        yield from _rows(_grouped(lines.filter(time__gte=since)))
        return
    begin = max(first, whole)
    yield from _rows(_grouped(lines.filter(time__gte=since, time__lt=beginning_of(begin))))
    days = UsedRight.objects.filter(deployment_id=deployment_id, credential=credential)
    yield from _rows(days.filter(day__gte=begin, day__lte=last))
    yield from _rows(_grouped(lines.filter(time__gte=beginning_of(last + _DAY))))


def _rows(found: QuerySet[Any]) -> QuerySet[Any, Row]:
    return found.values_list(*_KEPT[1:])


def _grouped(lines: QuerySet[RequestLog]) -> QuerySet[Any, Any]:
    slash = StrIndex("path", Value("/"))
    first = Case(When(slash=0, then=F("path")), default=Substr("path", 1, F("slash") - 1))
    return (
        lines.filter(credential_kind=CredentialKind.API_KEY, status__lt=400)
        .annotate(slash=slash)
        .annotate(first=first, by_id=Case(When(slash=0, then=Value(False)), default=Value(True)))
        .order_by()
        .values("credential", "interaction", "first", "by_id", "status")
        .annotate(requests=Count("pk"), last=Max("time"))
    )
