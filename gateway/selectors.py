"""Reading the log and the counts of a deployment."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import add
from typing import Any

from django.db.models import Q, QuerySet, Sum, TextField
from django.db.models.functions import Cast
from django.shortcuts import get_object_or_404
from django.utils import timezone

from deployments.models import Deployment
from gateway import patient_blocks
from gateway.charts import Tallied
from gateway.credential_days import beginning_of, last_day
from gateway.models import ADDED, CredentialDay, CredentialHour, HourCount, MinuteCount, RequestLog
from gateway.recorder import LONGEST_WAIT, recorder
from gateway.trace_ids import span_of

PAGE = 50
# Of so many lines a page is made at most: what a filter without an index finds further back, the next page looks for.
LOOKED_AT = 50_000
MOST_CREDENTIALS = 25
_MOST_BLOCKS = 200
_TIMES_AT_ONCE = 500
_LOOKS = 10


@dataclass(frozen=True)
class LogPage:
    """`older` is the value of `before` for the next page, None at the end. `looked_back_to` is set where the page ends for having
    looked at LOOKED_AT lines: there may be more that fit. `newer` is for those who follow the log (gateway.following).
    """

    lines: list[RequestLog]
    older: int | None
    looked_back_to: datetime | None = None
    newer: int | None = None


def list_requests(deployment: Deployment, filters: Mapping[str, Any], before: int | None = None) -> LogPage:
    """Newest first. `filters` as for `filtered_requests`; `before` is a line's primary key."""
    lines = RequestLog.objects.filter(deployment=deployment)
    since, until = filters.get("since"), filters.get("until")
    if before is not None:
        line = lines.filter(pk=before).only("time").first()
        if line is None:
            # It is gone, and so are all that were older.
            return LogPage([], None)
        lines = lines.exclude(time=line.time, pk__gte=before)
        until = min(line.time, until or line.time)
    others = {name: value for name, value in filters.items() if name not in ("since", "until")}
    fitting = filtered_requests(deployment, others, lines)
    if "trace" in filters:
        # Without an order, or SQLite walks through all lines in that order until it meets the trace.
        return LogPage(list(_within(fitting, since, until).order_by()[:PAGE]), None)
    if "patient" in filters:
        return _page_of_patient(deployment, _patient_id(filters["patient"]), lines, fitting, (since, until))
    lines = _within(lines, since, until)
    edge = lines.order_by("-time", "-pk").only("time")[LOOKED_AT : LOOKED_AT + 1].first() if others else None
    return _page([_within(fitting, edge.time if edge else since, until)], edge)


def _within(
    lines: QuerySet[RequestLog], since: datetime | None, until: datetime | None
) -> QuerySet[RequestLog]:
    lines = lines.filter(time__gte=since) if since else lines
    return lines.filter(time__lte=until) if until else lines


def _page(parts: Iterable[QuerySet[RequestLog]], edge: RequestLog | None) -> LogPage:
    """`parts` newest first; where they do not fill it, the next page begins behind `edge`."""
    found: list[RequestLog] = []
    for lines in parts:
        found += lines.order_by("-time", "-pk")[: PAGE + 1 - len(found)]
        if len(found) > PAGE:
            return LogPage(found[:PAGE], found[PAGE - 1].pk)
    return LogPage(found, edge.pk, edge.time) if edge else LogPage(found, None)


def _page_of_patient(
    deployment: Deployment,
    patient: str,
    lines: QuerySet[RequestLog],
    fitting: QuerySet[RequestLog],
    times: tuple[datetime | None, datetime | None],
) -> LogPage:
    """Reads the lines that name the patient, by their times. `fitting` are those of `lines` that all filters let pass but time."""
    most = PAGE + 1
    while True:
        found = patient_blocks.find_times(deployment, patient, *times, most)
        edge = None
        if found.complete:
            edge = _within(lines, found.complete, times[1]).order_by("time", "pk").only("time").first()
        page = _page((fitting.filter(time__in=some) for some in _parts(found.times)), edge)
        is_looked_at = len(found.times) == patient_blocks.MOST_LINES or (edge and most >= _MOST_BLOCKS)
        if len(page.lines) == PAGE or found.complete is None or is_looked_at:
            return page
        most *= 4


def _parts(times: list[datetime]) -> Iterator[list[datetime]]:
    """The first of them fills a page where no other filter keeps lines back."""
    yield times[: PAGE + 1]
    for begin in range(PAGE + 1, len(times), _TIMES_AT_ONCE):
        yield times[begin : begin + _TIMES_AT_ONCE]


def each_request(deployment: Deployment, filters: Mapping[str, Any], at_once: int) -> Iterator[RequestLog]:
    """Every line that fits, oldest first. New lines that arrive meanwhile come at the end."""
    lines = filtered_requests(deployment, filters).order_by("time", "pk")
    newer = lines
    while batch := list(newer[:at_once]):
        yield from batch
        last = batch[-1]
        newer = lines.filter(time__gte=last.time).exclude(time=last.time, pk__lte=last.pk)


def filtered_requests(
    deployment: Deployment, filters: Mapping[str, Any], lines: QuerySet[RequestLog] | None = None
) -> QuerySet[RequestLog]:
    """`filters`: any of since, until, credential, interaction, status (a digit or three), patient (a logical id, or
    `Patient/…`), trace; all that are given must fit."""
    lines = RequestLog.objects.filter(deployment=deployment) if lines is None else lines
    if since := filters.get("since"):
        lines = lines.filter(time__gte=since)
    if until := filters.get("until"):
        lines = lines.filter(time__lte=until)
    if credential := filters.get("credential"):
        lines = lines.filter(
            Q(credential__startswith=credential.rstrip("…")) | Q(credential_name__icontains=credential)
        )
    if interaction := filters.get("interaction"):
        lines = lines.filter(interaction=interaction)
    if status := filters.get("status"):
        low = int(status.ljust(3, "0"))
        lines = lines.filter(status=low) if len(status) == 3 else lines.filter(status__range=(low, low + 99))
    if patient := filters.get("patient"):
        lines = lines.filter(patient=_patient_id(patient))
    if trace := filters.get("trace"):
        lines = _of_trace(lines, trace.strip().lower())
    return lines


def _patient_id(asked: str) -> str:
    return asked.strip().removeprefix("Patient/")


def _of_trace(lines: QuerySet[RequestLog], trace_id: str) -> QuerySet[RequestLog]:
    """By the time that the id tells; an id that tells none is looked for everywhere."""
    span = span_of(trace_id)
    return (lines.filter(time__range=span) if span else lines).filter(trace_id=trace_id)


def get_request(deployment: Deployment, trace_id: str) -> RequestLog:
    """Waits for a line that is about to be stored. Raises Http404 for a trace of another deployment."""
    # Without an order, or SQLite walks through all lines in that order until it meets the trace.
    lines = _of_trace(RequestLog.objects.filter(deployment=deployment), trace_id).order_by()
    recorder.flush()
    for _ in range(_LOOKS if span_of(trace_id) else 0):
        for line in lines[:1]:
            return line
        # Another web process may hold the line in its queue.
        time.sleep(LONGEST_WAIT / _LOOKS)
    return get_object_or_404(lines)


def list_minutes(deployment: Deployment, since: datetime) -> list[Tallied]:
    """Oldest first."""
    return _tallied(MinuteCount.objects.filter(deployment=deployment, minute__gte=since), "minute")


def list_hours(deployment: Deployment, since: datetime) -> list[Tallied]:
    """Oldest first."""
    return _tallied(HourCount.objects.filter(deployment=deployment, hour__gte=since), "hour")


def _tallied(counts: QuerySet[Any], when: str) -> list[Tallied]:
    return [Tallied(*row) for row in _with_latencies(counts.order_by(when), when, *ADDED)]


def _with_latencies(counts: QuerySet[Any], *names: str) -> Iterator[tuple[Any, ...]]:
    """Rows of these columns and the latencies. Those are decoded at once: a day has 1,440 minutes, and a field for each would take most of its page."""
    rows = list(counts.values_list(*names, Cast("latencies", TextField())))
    decoded = json.loads(f"[{','.join(row[-1] for row in rows)}]")
    return ((*row[:-1], latencies) for row, latencies in zip(rows, decoded, strict=True))


@dataclass(frozen=True)
class CredentialUse:
    """What one credential did in a span of time; `latencies` as in MinuteCount."""

    kind: str
    credential: str
    name: str
    requests: int
    errors: int
    throttled: int
    latencies: list[int]


@dataclass(frozen=True)
class OtherUse:
    """What the credentials did together that are not listed."""

    credentials: int
    requests: int
    errors: int
    throttled: int


def list_credentials(deployment: Deployment, span: timedelta) -> tuple[list[CredentialUse], OtherUse]:
    """Those with requests in the span, in whole hours: the MOST_CREDENTIALS busiest, and all others as one."""
    begin = (timezone.now() - span).replace(minute=0, second=0, microsecond=0)
    stretches = _stretches(deployment, begin)
    sums: dict[tuple[str, str], list[int]] = {}
    for counts in stretches:
        summed = counts.order_by().values_list("kind", "credential")
        for kind, who, *some in summed.annotate(
            all=Sum("requests"), bad=Sum("client_errors") + Sum("server_errors"), held_back=Sum("throttled")
        ):
            sums[kind, who] = list(map(add, sums[kind, who], some)) if (kind, who) in sums else some
    ranked = sorted(sums.items(), key=lambda item: (-item[1][0], item[0]))
    busiest, others = ranked[:MOST_CREDENTIALS], ranked[MOST_CREDENTIALS:]
    named, latencies = _names_and_latencies(stretches, [who for (_, who), _ in busiest])
    uses = [
        CredentialUse(kind, who, named[kind, who], requests, errors, throttled, latencies[kind, who])
        for (kind, who), (requests, errors, throttled) in busiest
    ]
    columns = zip(*(row for _, row in others), strict=True) if others else ((), (), ())
    return uses, OtherUse(len(others), *map(sum, columns))


def _stretches(deployment: Deployment, begin: datetime) -> list[QuerySet[Any]]:
    """The counts of credentials since then, oldest first: days where they are added up, hours where not."""
    hours = CredentialHour.objects.filter(deployment=deployment)
    first = (begin + timedelta(days=1, microseconds=-1)).astimezone(UTC).date()
    last = last_day() if first < timezone.now().date() else None
    if last is None or last < first:
        return [hours.filter(hour__gte=begin)]
    return [
        hours.filter(hour__gte=begin, hour__lt=beginning_of(first)),
        CredentialDay.objects.filter(deployment=deployment, day__gte=first, day__lte=last),
        hours.filter(hour__gte=beginning_of(last + timedelta(days=1))),
    ]


def _names_and_latencies(
    stretches: Iterable[QuerySet[Any]], credentials: list[str]
) -> tuple[dict[tuple[str, str], str], dict[tuple[str, str], list[int]]]:
    """The latest name of each credential, and its latencies summed."""
    named: dict[tuple[str, str], str] = {}
    summed: dict[tuple[str, str], list[int]] = {}
    for counts in stretches:
        when = "day" if counts.model is CredentialDay else "hour"
        rows = counts.filter(credential__in=credentials).order_by(when)
        for kind, credential, name, latencies in _with_latencies(rows, "kind", "credential", "name"):
            key = kind, credential
            named[key] = name
            summed[key] = list(map(add, summed[key], latencies)) if key in summed else latencies
    return named, summed
