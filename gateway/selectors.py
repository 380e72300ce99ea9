"""Reading the log and the counts of a deployment."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import add
from typing import Any

from django.db.models import BooleanField, CharField, F, Q, QuerySet, Sum, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Concat
from django.shortcuts import get_object_or_404
from django.utils import timezone

from deployments.models import Deployment
from gateway.models import CredentialHour, HourCount, MinuteCount, RequestLog
from gateway.recorder import HALF_A_SECOND, recorder

PAGE = 50
# Of so many lines a page is made at most: what a filter without an index finds further back, the next page looks for.
LOOKED_AT = 50_000
MOST_CREDENTIALS = 25
_LOOKS = 5


@dataclass(frozen=True)
class LogPage:
    """`older` is the value of `before` for the next page, None at the end. `looked_back_to` is set where the page ends for having
    looked at LOOKED_AT lines: there may be more that fit.
    """

    lines: list[RequestLog]
    older: int | None
    looked_back_to: datetime | None = None


def list_requests(deployment: Deployment, filters: Mapping[str, Any], before: int | None = None) -> LogPage:
    """Newest first. `filters` as for `filtered_requests`; `before` is a line's primary key."""
    older = _older_than(deployment, before)
    if older is None:
        return LogPage([], None)
    lines = (filtered_requests(deployment, filters) & older).order_by("-time", "-pk")
    if "trace" in filters:
        # Without an order, or SQLite walks through all lines in that order until it meets the trace.
        return LogPage(list(lines.order_by()[:PAGE]), None)
    edge = None if _found_by_index(filters) else _edge(older, filters)
    found = list((lines.filter(time__gte=edge.time) if edge else lines)[: PAGE + 1])
    if len(found) > PAGE:
        return LogPage(found[:PAGE], found[PAGE - 1].pk)
    return LogPage(found, edge.pk, edge.time) if edge else LogPage(found, None)


def _older_than(deployment: Deployment, before: int | None) -> QuerySet[RequestLog] | None:
    """None when that line is gone: so are all that were older."""
    lines = RequestLog.objects.filter(deployment=deployment)
    if before is None:
        return lines
    line = lines.filter(pk=before).only("time").first()
    if line is None:
        return None
    return lines.filter(time__lte=line.time).exclude(time=line.time, pk__gte=before)


def _found_by_index(filters: Mapping[str, Any]) -> bool:
    """Whether the filters leave nothing to look through: none but times, or one that has an index."""
    return not (filters.keys() - {"since", "until"}) or bool(filters.keys() & {"patient", "trace"})


def _edge(lines: QuerySet[RequestLog], filters: Mapping[str, Any]) -> RequestLog | None:
    """The last line that is looked at, None when there are fewer."""
    if until := filters.get("until"):
        lines = lines.filter(time__lte=until)
    if since := filters.get("since"):
        lines = lines.filter(time__gte=since)
    return lines.order_by("-time", "-pk").only("time")[LOOKED_AT : LOOKED_AT + 1].first()


def list_requests_after(deployment: Deployment, filters: Mapping[str, Any], after: int) -> LogPage:
    """Those after the line with this primary key, oldest first: how a log is followed."""
    lines = filtered_requests(deployment, filters, _in_order_of_numbers(deployment))
    return LogPage(list(lines.filter(pk__gt=after).order_by("pk")[:PAGE]), None)


def list_requests_between(deployment: Deployment, after: int, last: int, most: int) -> list[RequestLog]:
    """Those after the line numbered `after`, up to `last`, oldest first."""
    lines = _in_order_of_numbers(deployment).filter(pk__gt=after, pk__lte=last)
    return list(lines.order_by("pk")[:most])


def _in_order_of_numbers(deployment: Deployment) -> QuerySet[RequestLog]:
    """For the newest lines by their number: no index by deployment has that order, and SQLite would collect all that one holds to sort it."""
    unindexed = Concat(F("deployment_id"), Value(""), output_field=CharField())
    return RequestLog.objects.alias(of=unindexed).filter(of=deployment.pk)


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
        # The index holds the lines that name a patient; a database believes that only when it reads the same words.
        names_one = RawSQL("NOT (patient = '')", (), BooleanField())
        lines = lines.filter(names_one, patient=patient.strip().removeprefix("Patient/"))
    if trace := filters.get("trace"):
        lines = lines.filter(trace_id=trace.strip().lower())
    return lines


def get_request(deployment: Deployment, trace_id: str) -> RequestLog:
    """Waits for a line that is about to be stored. Raises Http404 for a trace of another deployment."""
    # Without an order, or SQLite walks through all lines in that order until it meets the trace.
    lines = RequestLog.objects.filter(deployment=deployment, trace_id=trace_id).order_by()
    recorder.flush()
    for _ in range(_LOOKS):
        for line in lines[:1]:
            return line
        # Another web process may hold the line in its queue.
        time.sleep(HALF_A_SECOND / _LOOKS)
    return get_object_or_404(lines)


def list_minutes(deployment: Deployment, since: datetime) -> list[MinuteCount]:
    """Oldest first."""
    return list(MinuteCount.objects.filter(deployment=deployment, minute__gte=since).order_by("minute"))


def list_hours(deployment: Deployment, since: datetime) -> list[HourCount]:
    """Oldest first."""
    return list(HourCount.objects.filter(deployment=deployment, hour__gte=since).order_by("hour"))


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
    hours = CredentialHour.objects.filter(deployment=deployment, hour__gte=begin)
    sums = (
        hours.order_by()
        .values("kind", "credential")
        .annotate(
            all=Sum("requests"), bad=Sum("client_errors") + Sum("server_errors"), held_back=Sum("throttled")
        )
        .order_by("-all", "kind", "credential")
    )
    all_of_them = list(sums.values_list("kind", "credential", "all", "bad", "held_back"))
    busiest, others = all_of_them[:MOST_CREDENTIALS], all_of_them[MOST_CREDENTIALS:]
    named, latencies = _names_and_latencies(hours, [row[1] for row in busiest])
    uses = [
        CredentialUse(kind, who, named[kind, who], requests, errors, throttled, latencies[kind, who])
        for kind, who, requests, errors, throttled in busiest
    ]
    _, _, requests_of, errors_of, throttled_of = zip(*others, strict=True) if others else ((),) * 5
    return uses, OtherUse(len(others), sum(requests_of), sum(errors_of), sum(throttled_of))


def _names_and_latencies(
    hours: QuerySet[CredentialHour], credentials: list[str]
) -> tuple[dict[tuple[str, str], str], dict[tuple[str, str], list[int]]]:
    """The latest name of each credential, and its latencies summed."""
    named: dict[tuple[str, str], str] = {}
    summed: dict[tuple[str, str], list[int]] = {}
    rows = hours.filter(credential__in=credentials).order_by("hour")
    for kind, credential, name, latencies in rows.values_list("kind", "credential", "name", "latencies"):
        key = kind, credential
        named[key] = name
        summed[key] = list(map(add, summed[key], latencies)) if key in summed else latencies
    return named, summed
