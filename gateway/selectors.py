"""Reading the log and the counts of a deployment."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone

from deployments.models import Deployment
from gateway.models import CredentialHour, MinuteCount, RequestLog
from gateway.recorder import HALF_A_SECOND, recorder

PAGE = 50
_LOOKS = 5


@dataclass(frozen=True)
class LogPage:
    """`older` is the value of `before` for the next page, None at the end."""

    lines: list[RequestLog]
    older: int | None


def list_requests(deployment: Deployment, filters: Mapping[str, Any], before: int | None = None) -> LogPage:
    """Newest first. `filters` as for `filtered_requests`."""
    lines = filtered_requests(deployment, filters).order_by("-pk")
    if before is not None:
        lines = lines.filter(pk__lt=before)
    found = list(lines[: PAGE + 1])
    older = found[PAGE - 1].pk if len(found) > PAGE else None
    return LogPage(found[:PAGE], older)


def list_requests_after(deployment: Deployment, filters: Mapping[str, Any], after: int) -> LogPage:
    """Those after the line with this primary key, oldest first: how a log is followed."""
    lines = filtered_requests(deployment, filters).filter(pk__gt=after)
    return LogPage(list(lines.order_by("pk")[:PAGE]), None)


def filtered_requests(deployment: Deployment, filters: Mapping[str, Any]) -> QuerySet[RequestLog]:
    """`filters`: any of since, until, credential, interaction, status (a digit or three), patient (a logical id, or
    `Patient/…`), trace; all that are given must fit."""
    lines = RequestLog.objects.filter(deployment=deployment)
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
        lines = lines.filter(patient=patient.strip().removeprefix("Patient/"))
    if trace := filters.get("trace"):
        lines = lines.filter(trace_id=trace.strip().lower())
    return lines


def get_request(deployment: Deployment, trace_id: str) -> RequestLog:
    """Waits for a line that is about to be stored. Raises Http404 for a trace of another deployment."""
    lines = RequestLog.objects.filter(deployment=deployment, trace_id=trace_id)
    recorder.flush()
    for _ in range(_LOOKS):
        if line := lines.first():
            return line
        # Another web process may hold the line in its queue.
        time.sleep(HALF_A_SECOND / _LOOKS)
    return get_object_or_404(lines)


def list_minutes(deployment: Deployment, span: timedelta) -> list[MinuteCount]:
    """Oldest first."""
    since: datetime = timezone.now() - span
    return list(MinuteCount.objects.filter(deployment=deployment, minute__gte=since).order_by("minute"))


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


def list_credentials(deployment: Deployment, span: timedelta) -> list[CredentialUse]:
    """Those with requests in the span, in whole hours, the busiest first."""
    begin = (timezone.now() - span).replace(minute=0, second=0, microsecond=0)
    found: dict[tuple[str, str], list[CredentialHour]] = {}
    for one in CredentialHour.objects.filter(deployment=deployment, hour__gte=begin).order_by("hour"):
        found.setdefault((one.kind, one.credential), []).append(one)
    uses = [
        CredentialUse(
            kind,
            credential,
            hours[-1].name,
            sum(hour.requests for hour in hours),
            sum(hour.client_errors + hour.server_errors for hour in hours),
            sum(hour.throttled for hour in hours),
            [sum(parts) for parts in zip(*(hour.latencies for hour in hours), strict=True)],
        )
        for (kind, credential), hours in found.items()
    ]
    return sorted(uses, key=lambda use: -use.requests)
