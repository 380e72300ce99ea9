"""A monthly statement as a file to keep: CSV or PDF."""

import csv
from decimal import Decimal

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
    response = HttpResponse(content_type=f"{CSV}; charset=utf-8", headers=_named(statement, "csv"))
    writer = csv.writer(response)
    writer.writerow(["deployment", "description", "quantity", "unit", "unit_price_eur", "amount_eur"])
    for line in statement.lines:
        price, quantity = f"{(line.unit_price / 100).normalize():f}", f"{line.quantity.normalize():f}"
        name, amount = _as_text(line.deployment), _euros(line.amount)
        writer.writerow([name, line.description, quantity, line.unit, price, amount])
    writer.writerow(["", "total", "", "", "", _euros(statement.total)])
    return response


def _euros(cents: Decimal) -> str:
    return f"{cents / 100:.2f}"


def _as_text(name: str) -> str:
    """A spreadsheet takes what begins so for a formula and would carry it out; behind an apostrophe it is a text."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name


def _named(statement: Statement, ending: str) -> dict[str, str]:
    name = f"fireside-{statement.tenant.slug}-{statement.start:%Y-%m}.{ending}"
    return {"Content-Disposition": f'attachment; filename="{name}"'}
