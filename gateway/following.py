"""The log in the order in which its lines were stored: for whoever follows it, and for the audit events that are made of it.

Lines are numbered as they are stored, for all deployments together, and become visible in that order (gateway.log_lines).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import CharField, F, Max, QuerySet, Value
from django.db.models.functions import Concat

from deployments.models import Deployment
from gateway.models import RequestLog
from gateway.selectors import PAGE, LogPage, filtered_requests, list_requests


def list_requests_after(deployment: Deployment, filters: Mapping[str, Any], after: int) -> LogPage:
    """Those after the line with this number, oldest first. Who goes on with `newer` has each look read only what came since the last."""
    newest = last_number()
    lines = filtered_requests(deployment, filters, _in_order_of_numbers(deployment))
    found = list(lines.filter(pk__gt=after).order_by("pk")[:PAGE])
    reached = found[-1].pk if found else after
    return LogPage(found, None, newer=reached if len(found) == PAGE else max(reached, newest))


def list_requests_to_follow(deployment: Deployment, filters: Mapping[str, Any]) -> LogPage:
    """The newest ones, newest first, with the place from which on they are followed: what is stored meanwhile comes after it."""
    newest = last_number()
    page = list_requests(deployment, filters)
    return replace(page, lines=[line for line in page.lines if line.pk <= newest], newer=newest)


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
