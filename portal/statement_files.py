"""A monthly statement as a file to keep: CSV or PDF."""

import csv

from django.http import HttpResponse

from portal.payment import get_provider
from portal.usage import Statement

PDF, CSV = "application/pdf", "text/csv"


def as_pdf(statement: Statement) -> HttpResponse:
    # The library loads pictures and fonts: only who wants a PDF pays for it.
    from portal.statement_pdf import render_pdf

    content = render_pdf(statement, get_provider().state_of(statement).words)
    return HttpResponse(content, content_type=PDF, headers=_named(statement, "pdf"))


def as_csv(statement: Statement) -> HttpResponse:
    response = HttpResponse(content_type=CSV, headers=_named(statement, "csv"))
    writer = csv.writer(response)
    writer.writerow(["deployment", "description", "quantity", "unit", "unit_price_eur", "amount_eur"])
    for line in statement.lines:
        price, amount = line.unit_price / 100, line.amount / 100
        writer.writerow([line.deployment, line.description, line.quantity, line.unit, price, amount])
    writer.writerow(["", "total", "", "", "", statement.total / 100])
    return response


def _named(statement: Statement, ending: str) -> dict[str, str]:
    name = f"fireside-{statement.tenant.slug}-{statement.start:%Y-%m}.{ending}"
    return {"Content-Disposition": f'attachment; filename="{name}"'}
