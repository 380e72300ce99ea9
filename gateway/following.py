"""The log in the order in which its lines were stored: for whoever follows it, and for the audit events that are made of it.

Lines are numbered as they are stored, for all deployments together, and a process may store a line after others have stored higher numbers.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import CharField, F, Max, QuerySet, Value
from django.db.models.functions import Concat

from deployments.models import Deployment
from gateway.models import RequestLog
from gateway.selectors import PAGE, LogPage, filtered_requests

# So many numbers are looked at again: what takes a lower number than others have stored already is stored within moments.
_LATE = 5000


def list_requests_after(deployment: Deployment, filters: Mapping[str, Any], after: int) -> LogPage:
    """Those after the line with this number, oldest first. Who goes on with `newer` has each look read little more than what came since the last."""
    newest = last_number()
    lines = filtered_requests(deployment, filters, _in_order_of_numbers(deployment))
    found = list(lines.filter(pk__gt=after).order_by("pk")[:PAGE])
    reached = found[-1].pk if found else after
    return LogPage(found, None, newer=reached if len(found) == PAGE else max(reached, newest - _LATE))


def followed_from(page: LogPage) -> LogPage:
    """The first page of a list, with the place from which on it is followed."""
    return replace(page, newer=max(last_number() - _LATE, 0, *(line.pk for line in page.lines)))


def list_requests_between(deployment: Deployment, after: int, last: int, most: int) -> list[RequestLog]:
    """Those after the line numbered `after`, up to `last`, oldest first."""
    lines = _in_order_of_numbers(deployment).filter(pk__gt=after, pk__lte=last)
    return list(lines.order_by("pk")[:most])


def last_number() -> int:
    """Of all deployments: the last one of one alone would be looked for among all that it has."""
    last: int | None = RequestLog.objects.aggregate(last=Max("pk"))["last"]
    return last or 0


def _in_order_of_numbers(deployment: Deployment) -> QuerySet[RequestLog]:
    """No index by deployment has the order of numbers, and SQLite would collect all that one holds to sort it."""
    unindexed = Concat(F("deployment_id"), Value(""), output_field=CharField())
    return RequestLog.objects.alias(of=unindexed).filter(of=deployment.pk)
