"""A tenant's usage and monthly statement, as a page, as CSV and as PDF, with a cost calculator."""

from datetime import UTC, datetime, timedelta

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.access import tenant_view
from portal.forms import EstimateForm
from portal.models import Membership, Role
from portal.payment import get_provider
from portal.statement_files import as_csv, as_pdf
from portal.tenant_pages import tenant_context
from portal.usage import BEGUN_HOURS, make_statement, next_month

LINES_A_PAGE = 100
FIRST_MONTH = datetime(2020, 1, 1, tzinfo=UTC)


def _chosen_month(request: HttpRequest) -> datetime:
    """`?month=2026-11`, else the current one; what cannot be read, or was before there were statements, is the current one too."""
    now = timezone.now().astimezone(UTC)
    current = datetime(now.year, now.month, 1, tzinfo=UTC)
    try:
        asked = datetime.strptime(request.GET.get("month", ""), "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        return current
    return asked if FIRST_MONTH <= asked <= current else current


@tenant_view(Role.READ)
@require_safe
def usage(request: HttpRequest, membership: Membership) -> HttpResponse:
    start = _chosen_month(request)
    statement = make_statement(membership.tenant, start)
    if request.GET.get("format") == "csv":
        return as_csv(statement)
    if request.GET.get("format") == "pdf":
        return as_pdf(statement)
    previous = (start.replace(day=1) - timedelta(days=1)).replace(day=1)
    following = next_month(start)
    asked = EstimateForm(request.GET if "size" in request.GET else None)
    estimate = asked.estimate()
    lines = estimate.lines() if estimate else ()
    context = tenant_context(membership, "usage") | {
        "statement": statement,
        "page": Paginator(statement.lines, LINES_A_PAGE).get_page(request.GET.get("page")),
        "previous": previous if previous >= FIRST_MONTH else None,
        "following": following if following <= timezone.now() else None,
        "payment": get_provider().state_of(statement),
        "asked": asked,
        "estimate": lines,
        "estimated": sum(line.amount for line in lines),
        "begun_hours": BEGUN_HOURS,
    }
    return render(request, "portal/usage.html", context)
