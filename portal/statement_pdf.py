"""A monthly statement as PDF (A4).

Names can be in any script, and the fonts that every PDF reader has know Latin only. So a font of the machine is used where there is one
(PDF_FONT, else DejaVu Sans); without one, what cannot be shown becomes a question mark and the statement says so.
"""

from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from fpdf import FPDF, XPos, YPos
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace, TTFFont

from portal.usage import BEGUN_HOURS, Statement

FONTS = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
)
_NOTE = (
    "Characters that this server has no font for are shown as question marks. The operator can install the package"
    " fonts-dejavu-core or name a font in PDF_FONT."
)
NOT_ENDED = "before the month has ended: what is used until then is added"
_NEXT = {"new_x": XPos.LMARGIN, "new_y": YPos.NEXT}


def find_font() -> str:
    """The path of a TrueType font; empty when the machine has none."""
    wanted = [settings.PDF_FONT] if settings.PDF_FONT else FONTS
    return next((path for path in wanted if Path(path).is_file()), "")


class _Page(FPDF):
    """`incomplete` is set when something could not be shown as it is."""

    def __init__(self, font: str) -> None:
        super().__init__(format="A4")
        self.incomplete = False
        self.family = "helvetica"
        if font:
            self.family = "text"
            self.add_font("text", "", font)
        self.set_margins(20, 20)
        self.add_page()
        self.write_size(10)

    def write_size(self, size: int) -> None:
        self.set_font(self.family, size=size)

    def shown(self, text: str) -> str:
        """The text as this page's font can show it."""
        font = self.fonts.get("text")
        has = font.cmap.__contains__ if isinstance(font, TTFFont) else range(256).__contains__
        known = [character if has(ord(character)) else "?" for character in text]
        self.incomplete = self.incomplete or "".join(known) != text
        return "".join(known)

    def line(self, text: str, size: int = 10) -> None:  # type: ignore[override]
        self.write_size(size)
        self.multi_cell(0, size * 0.6, self.shown(text), **_NEXT)  # type: ignore[arg-type]


def render_pdf(statement: Statement, payment: str) -> bytes:
    """The file's bytes. `payment` is a sentence on how it is paid."""
    page = _Page(find_font())
    last = statement.end - timedelta(days=1)
    page.set_title(page.shown(f"Statement of {statement.tenant.name}, {statement.start:%B %Y}"))
    page.line("Statement", 18)
    page.line(statement.tenant.name, 12)
    page.line(f"{statement.start:%-d %B %Y} to {last:%-d %B %Y} (UTC), tenant {statement.tenant.slug}")
    page.line(f"Made on {timezone.now():%-d %B %Y}{'' if statement.is_complete else f', {NOT_ENDED}'}")
    page.ln(6)
    _table(page, statement)
    page.ln(6)
    page.line(BEGUN_HOURS, 9)
    page.line(payment)
    if page.incomplete:
        page.line(_NOTE, 8)
    return bytes(page.output())


def _table(page: _Page, statement: Statement) -> None:
    page.write_size(9)
    with page.table(
        col_widths=(28, 26, 20, 15, 11),
        text_align=("LEFT", "LEFT", "RIGHT", "RIGHT", "RIGHT"),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(emphasis=None),
        line_height=6,
    ) as table:
        table.row(("Deployment", "What", "Quantity", "Price", "EUR"))
        for line in statement.lines:
            table.row(
                (
                    page.shown(line.deployment),
                    page.shown(line.description),
                    line.quantity_words,
                    line.price_words.replace("€", "EUR "),
                    _euros(line.amount),
                )
            )
        table.row(("Total", "", "", "", _euros(statement.total)))


def _euros(cents: object) -> str:
    return f"{float(str(cents)) / 100:,.2f}"
