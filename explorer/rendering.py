"""Rows of search parameters that several fields make up, rendered here as `templatetags/explorer.py` does."""

import re
from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from explorer.building.composites import JOIN, PART, PREFIX, rows_of
from explorer.building.fields import PREFIX_WORDS, Field, SearchParameterFacts

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_JOINS = (("and", "and"), ("or", "or"))
NOTHING = mark_safe("")


def slug(text: str) -> str:
    """For ids: `$everything` is `everything`, `.if-match` is `if-match`."""
    return _NOT_SLUG.sub("-", text.lower()).strip("-")


def options_of(options: Iterable[tuple[str, str]], chosen: str) -> SafeString:
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((value, mark_safe(" selected") if value == chosen else NOTHING, label) for value, label in options),
    )


def composite_rows(base: str, field: Field) -> SafeString:
    """A row for each alternative of a composite; whoever filled one without JavaScript gets another."""
    rows = rows_of(field.value)
    last = len(rows)
    made = [_row(f"{base}-{at}", field, row, joined=at > 0) for at, row in enumerate(rows or [[]])]
    if rows:
        made.append(_row(f"{base}-{last}", field, [], joined=True, extra=True))
    return mark_safe("".join(made))  # noqa: S308  made by format_html


def _row(
    base: str, field: Field, row: list[tuple[str, str]], *, joined: bool, extra: bool = False
) -> SafeString:
    """`joined`: by "or" to the row above. The very first row has nothing to be joined to."""
    parts = field.facts.components
    padded = [*row, *[("", "")] * (len(parts) - len(row))]
    first = not joined and not field.index
    return format_html(
        '<div class="crit crit-parts{}" data-criterion="{}" role="group" aria-label="{}">'
        '<span class="crit-name" title="{}">{}<span class="crit-kind">composite</span></span><div class="crit-fields">'
        '<select name="{}{}" class="crit-join" aria-label="Joined to the row above by"{}>{}</select>{}</div></div>',
        " no-js-only" if extra else "", field.name, field.name, field.facts.description, field.name,
        JOIN, field.name, mark_safe(" hidden") if first else NOTHING, options_of(_JOINS, "or" if joined else "and"),
        format_html_join("", "{}", ((_part(f"{base}-{at}", f"{field.name}${at}", part, *padded[at]),) for at, part in enumerate(parts))),
    )  # fmt: skip


def _part(base: str, name: str, facts: SearchParameterFacts, prefix: str, text: str) -> SafeString:
    """One part: its prefix where its type has them, its text, the codes of its value set."""
    listed = chosen = NOTHING
    if facts.prefixes:
        words = [(each, PREFIX_WORDS[each]) for each in ("", *facts.prefixes)]
        chosen = format_html(
            '<select name="{}{}" class="crit-pre" aria-label="Prefix of {}">{}</select>',
            PREFIX, name, facts.code, options_of(words, prefix),
        )  # fmt: skip
    if facts.codes:
        listed = format_html('<datalist id="{}-codes">{}</datalist>', base, options_of(facts.codes, ""))
    return format_html(
        '<div class="crit-part"><label for="{}" title="{}">{}<span class="crit-kind">{}</span></label>{}'
        '<input id="{}" name="{}{}" value="{}" placeholder="{}" autocomplete="off" spellcheck="false"{}>{}</div>',
        base, facts.description, facts.code, facts.kind, chosen, base, PART, name, text, facts.example,
        format_html(' list="{}-codes"', base) if facts.codes else NOTHING, listed,
    )  # fmt: skip
