"""A tenant's usage and monthly statement, as a page, as CSV and as PDF, with a cost calculator."""

import csv
from datetime import UTC, datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.access import tenant_view
from portal.forms import EstimateForm
from portal.models import Membership, Role
from portal.payment import get_provider
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
    payment = get_provider().state_of(statement)
    if request.GET.get("format") == "csv":
        return _as_csv(statement)
    if request.GET.get("format") == "pdf":
        return _as_pdf(statement, payment.words)
    previous = (start.replace(day=1) - timedelta(days=1)).replace(day=1)
    following = next_month(start)
    asked = EstimateForm(request.GET if "size" in request.GET else None)
    estimate = asked.estimate().lines()
    context = tenant_context(membership, "usage") | {
        "statement": statement,
        "previous": previous,
        "following": following if following <= timezone.now() else None,
        "payment": payment,
        "asked": asked,
        "estimate": estimate,
        "estimated": sum(line.amount for line in estimate),
    }
    return render(request, "portal/usage.html", context)


def _as_pdf(statement: Statement, payment: str) -> HttpResponse:
    # The library loads pictures and fonts: only who wants a PDF pays for it.
    from portal.statement_pdf import render_pdf

    name = f"fireside-{statement.tenant.slug}-{statement.start:%Y-%m}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(render_pdf(statement, payment), content_type="application/pdf", headers=headers)


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
