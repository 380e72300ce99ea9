"""A month's statement: what it holds, as page, CSV and PDF, how it is settled, and the cost calculator."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from portal import payment, statement_pdf, usage
from portal.models import SettledMonth, SizePrice, Tenant, User
from portal.payment import PaymentState, settle_last_month
from portal.usage import Statement, UsageLine, make_statement
from tests.portal.conftest import SignIn

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
LINES = (
    UsageLine("Łódź клиника", "Extra Small", Decimal(31), "hour", Decimal(4)),
    UsageLine("Łódź клиника", "Requests", Decimal(2_500_000), "request", Decimal("0.00009")),
)


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "_sources", [lambda tenant, start, end: LINES])


@pytest.fixture
def alice_there(tenant: Tenant, alice: User, sign_in: SignIn) -> Client:
    return sign_in(alice)


def test_the_page_and_the_csv_agree(alice_there: Client, tenant: Tenant, used: None) -> None:
    address = reverse("portal:usage", args=[tenant.slug]) + "?month=2026-03"
    page = alice_there.get(address).content.decode()
    assert "2,500,000 requests" in page
    assert "€3.49" in page
    assert 'March 2026 <span class="muted">€3.49</span>' in page
    assert ("€0.04 an hour" in page, "€0.90 a million requests" in page) == (True, True)
    rows = list(csv.DictReader(io.StringIO(alice_there.get(address + "&format=csv").content.decode())))
    assert [row["amount_eur"] for row in rows] == ["1.24", "2.25", "3.49"]
    assert rows[1]["unit_price_eur"] == "0.0000009"


@pytest.mark.parametrize("has_font", [True, False])
def test_a_pdf_says_what_it_cannot_show(
    has_font: bool, tenant: Tenant, used: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Polish and Russian are in no core font, Linear B in hardly any."""
    if has_font and not statement_pdf.find_font():
        pytest.skip("no TrueType font on this machine")
    if not has_font:
        monkeypatch.setattr(statement_pdf, "find_font", lambda: "")
    notes = []
    line = statement_pdf._Page.line
    monkeypatch.setattr(
        statement_pdf._Page, "line", lambda page, text, size=10: (notes.append(text), line(page, text, size))
    )
    made = statement_pdf.render_pdf(make_statement(tenant, MARCH), "By invoice.")
    assert made.startswith(b"%PDF-")
    assert any("question marks" in text for text in notes) is not has_font
    assert f"{tenant.name}" in notes


def test_the_pdf_is_offered_for_download(alice_there: Client, tenant: Tenant, used: None) -> None:
    answer = alice_there.get(reverse("portal:usage", args=[tenant.slug]) + "?month=2026-03&format=pdf")
    assert answer["Content-Type"] == "application/pdf"
    assert "fireside-acme-health-2026-03.pdf" in answer["Content-Disposition"]


class Ledger:
    """A payment provider that keeps what it was asked."""

    name = "Ledger"

    def __init__(self) -> None:
        self.settled: list[tuple[str, Decimal]] = []

    def state_of(self, statement: Statement) -> PaymentState:
        return PaymentState("By the ledger.", "https://pay.example/")

    def settle(self, statement: Statement) -> None:
        self.settled.append((f"{statement.start:%Y-%m}", statement.total))


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    made, before = Ledger(), payment.get_provider()
    payment.use(made)
    yield made
    payment.use(before)


def test_a_month_is_settled_once_a_day_after_its_end(tenant: Tenant, used: None, ledger: Ledger) -> None:
    Tenant.objects.update(created=datetime(2026, 3, 10, tzinfo=UTC))
    with time_machine.travel(datetime(2026, 4, 1, 12, tzinfo=UTC)):
        assert settle_last_month() == 0
    with time_machine.travel(datetime(2026, 4, 2, 12, tzinfo=UTC)):
        assert [settle_last_month(), settle_last_month()] == [1, 0]
    assert ledger.settled == [("2026-03", Decimal(349))]
    assert SettledMonth.objects.get().total == 349


def test_another_provider_tells_where_to_pay(
    alice_there: Client, tenant: Tenant, used: None, ledger: Ledger
) -> None:
    page = alice_there.get(reverse("portal:usage", args=[tenant.slug])).content.decode()
    assert "By the ledger." in page
    assert "counts as a whole one" in page
    assert "https://pay.example/" in page


@pytest.mark.parametrize(
    ("query", "cents"),
    [
        ("size=m&hours=100&requests=2&stored=10", 2900 + 180 + 120),
        ("size=m&hours=100&requests=2&stored=10&ha=on", 7000 + 180 + 120),
    ],
)
def test_the_calculator_adds_hours_requests_and_storage(
    query: str, cents: int, alice_there: Client, tenant: Tenant
) -> None:
    page = alice_there.get(reverse("portal:usage", args=[tenant.slug]) + f"?{query}")
    assert page.context["estimated"] == cents


def test_the_calculator_shows_no_amount_beside_a_fault(alice_there: Client, tenant: Tenant) -> None:
    query = "size=m&hours=-1&requests=x&stored="
    page = alice_there.get(reverse("portal:usage", args=[tenant.slug]) + f"?{query}").content.decode()
    assert page.count('class="field-error"') == 3
    shown = page.partition("<output")[2].partition("</output>")[0]
    assert "€" not in shown
    assert "not calculated" in shown


def test_prices_are_the_operators(alice_there: Client, tenant: Tenant) -> None:
    SizePrice.objects.filter(size="xs").update(hour=5)
    page = alice_there.get(
        reverse("portal:usage", args=[tenant.slug]) + "?size=xs&hours=10&requests=0&stored=0"
    )
    assert page.context["estimated"] == 50


@pytest.mark.parametrize("month", ["0001-01", "1969-12", "9999-12", "2026-13", "x" * 500])
def test_a_month_without_statements_shows_the_current_one(
    month: str, alice_there: Client, tenant: Tenant, used: None
) -> None:
    with time_machine.travel(datetime(2026, 4, 20, tzinfo=UTC)):
        page = alice_there.get(reverse("portal:usage", args=[tenant.slug]), {"month": month})
    assert page.context["statement"].start == datetime(2026, 4, 1, tzinfo=UTC)


def pdf_lines(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the PDF says in its table and beside it."""
    said: list[str] = []
    shown = statement_pdf._Page.shown
    monkeypatch.setattr(
        statement_pdf._Page, "shown", lambda page, text: said.append(text) or shown(page, text)
    )
    statement_pdf.render_pdf(make_statement(tenant, MARCH), "By invoice.")
    return said


def test_the_pdf_says_when_it_was_made_and_whether_the_month_has_ended(
    tenant: Tenant, used: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(datetime(2026, 3, 20, tzinfo=UTC)):
        early = " ".join(pdf_lines(tenant, monkeypatch))
    with time_machine.travel(datetime(2026, 4, 2, tzinfo=UTC)):
        late = pdf_lines(tenant, monkeypatch)
    assert f"Made on 20 March 2026, {statement_pdf.NOT_ENDED}" in early
    assert "Made on 2 April 2026" in late


@pytest.mark.parametrize(("count", "words"), [("1", "1 hour"), ("31", "31 hours"), ("0.5", "0.5 hours")])
def test_a_quantity_is_said_in_the_right_number(count: str, words: str) -> None:
    assert UsageLine("Ward", "Small", Decimal(count), "hour", Decimal(11)).quantity_words == words


def test_a_name_that_looks_like_a_formula_stays_a_text_in_the_csv(
    alice_there: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = UsageLine('=HYPERLINK("x")', "Small", Decimal("1.500"), "hour", Decimal(10))
    monkeypatch.setattr(usage, "_sources", [lambda tenant, start, end: (line,)])
    answer = alice_there.get(reverse("portal:usage", args=[tenant.slug]) + "?month=2026-03&format=csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    row = next(csv.DictReader(io.StringIO(answer.content.decode())))
    assert (row["deployment"], row["quantity"], row["amount_eur"]) == ('\'=HYPERLINK("x")', "1.5", "0.15")


def test_the_calculator_leaves_the_month_that_is_shown(
    alice_there: Client, tenant: Tenant, used: None
) -> None:
    address = reverse("portal:usage", args=[tenant.slug])
    page = alice_there.get(address + "?month=2026-03").content.decode()
    assert '<input type="hidden" name="month" value="2026-03">' in page
    asked = "?month=2026-03&size=xs&hours=10&requests=0&stored=0"
    calculated = alice_there.get(address + asked).content.decode()
    assert ("March 2026" in calculated, "€0.40" in calculated) == (True, True)
