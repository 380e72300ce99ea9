"""A tenant's usage and monthly statement, as a page and as CSV, with a cost calculator."""

import csv
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.access import tenant_view
from portal.models import Membership, Role
from portal.models.plans import HOURS_A_MONTH
from portal.plans import size_prices
from portal.tenant_pages import tenant_context
from portal.usage import Statement, make_statement, next_month


def _chosen_month(request: HttpRequest) -> datetime:
    """`?month=2026-11`, else the current one; what cannot be read is the current one too."""
    now = timezone.now().astimezone(UTC)
    current = datetime(now.year, now.month, 1, tzinfo=UTC)
    try:
        return min(datetime.strptime(request.GET.get("month", ""), "%Y-%m").replace(tzinfo=UTC), current)
    except ValueError:
        return current


@tenant_view(Role.READ)
@require_safe
def usage(request: HttpRequest, membership: Membership) -> HttpResponse:
    start = _chosen_month(request)
    statement = make_statement(membership.tenant, start)
    if request.GET.get("format") == "csv":
        return _as_csv(statement)
    previous = (start.replace(day=1) - timedelta(days=1)).replace(day=1)
    following = next_month(start)
    context = tenant_context(membership, "usage") | {
        "statement": statement,
        "previous": previous,
        "following": following if following <= timezone.now() else None,
        "prices": size_prices().values(),
        "estimate": _estimate(request),
        "hours": HOURS_A_MONTH,
    }
    return render(request, "portal/usage.html", context)


def _estimate(request: HttpRequest) -> dict[str, object]:
    """The calculator's answer, in cents: a size, with or without high availability, for hours a month."""
    prices = size_prices()
    price = prices.get(request.GET.get("size", "s"), prices["s"])
    available = request.GET.get("ha") == "on"
    try:
        hours = min(max(int(request.GET.get("hours", HOURS_A_MONTH)), 0), 744)
    except ValueError:
        hours = HOURS_A_MONTH
    rate = price.hour_highly_available if available else price.hour
    return {"size": price.size, "ha": available, "hours": hours, "amount": rate * hours, "rate": rate}


def _as_csv(statement: Statement) -> HttpResponse:
    name = f"fireside-{statement.tenant.slug}-{statement.start:%Y-%m}.csv"
    response = HttpResponse(
        content_type="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
    writer = csv.writer(response)
    writer.writerow(["deployment", "description", "quantity", "unit", "unit_price_eur", "amount_eur"])
    for line in statement.lines:
        writer.writerow(
            [
                line.deployment,
                line.description,
                line.quantity,
                line.unit,
                line.unit_price / 100,
                line.amount / 100,
            ]
        )
    writer.writerow(["", "total", "", "", "", statement.total / 100])
    return response
