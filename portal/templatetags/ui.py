"""The small parts that every page uses: icons, badges, copy buttons, times, highlighted code, dialogs."""

from datetime import datetime, timedelta
from functools import lru_cache

import lucide
from django import template
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight as highlight_code
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from portal.browsers import browser_name
from portal.passwords import PasswordRule, list_password_rules

register = template.Library()

STATE_KINDS = {
    **dict.fromkeys(["RUNNING", "ACTIVE", "DONE", "ENABLED", "DELIVERED"], "good"),
    **dict.fromkeys(["FAILED", "REVOKED", "EXPIRED"], "bad"),
    **dict.fromkeys(["PENDING", "EXPIRING", "DEGRADED"], "warn"),
    **dict.fromkeys(["CREATING", "STARTING", "STOPPING", "UPDATING", "DELETING", "QUEUED"], "busy"),
    **dict.fromkeys(["STOPPED", "DISABLED", "CANCELLED"], "idle"),
}
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
# Highlighting multiplies the size of the text by nine; beyond this it is shown plain.
HIGHLIGHT_LIMIT = 60_000


@register.simple_tag
@lru_cache(maxsize=512)
def icon(name: str, size: int = 16) -> SafeString:
    """A Lucide icon, decoration only: the words beside it carry the meaning."""
    svg = lucide._render_icon(name, size, aria_hidden="true", focusable="false", stroke_width="1.75")
    return mark_safe(svg)  # noqa: S308  from the package, no user text


@register.simple_tag
def copy_button(value: object, label: str = "Copy", focus: bool = False) -> SafeString:
    """A button that copies `value` whole; shown only where JavaScript runs. `focus`: a dialog begins there."""
    return format_html(
        '<button type="button" class="copy" data-copy="{}" aria-label="{}" title="{}"{}>'
        '<span class="uncopied">{}</span><span class="copied">{}</span></button>',
        str(value),
        label,
        label,
        mark_safe(" autofocus") if focus else "",
        icon("copy", 14),
        icon("check", 14),
    )


@register.simple_tag
def state_badge(state: object) -> SafeString:
    """A dot and a word, e.g. for "RUNNING" or "PENDING"."""
    name = str(getattr(state, "value", state))
    kind = STATE_KINDS.get(name.upper(), "idle")
    return format_html('<span class="state state-{}">{}</span>', kind, name.capitalize())


@register.simple_tag
def method_badge(method: str) -> SafeString:
    """An HTTP method as a small badge."""
    kind = method.lower() if method.upper() in METHODS else "other"
    return format_html('<span class="method method-{}">{}</span>', kind, method.upper())


def describe_time(moment: datetime, now: datetime) -> str:
    """How long ago, or in how long: "3 minutes ago", "in 2 days"."""
    seconds = (now - moment).total_seconds()
    span = abs(seconds)
    if span < 45:
        return "just now" if seconds >= 0 else "in a moment"
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = round(span / length)
        if span >= length * 0.95 or unit == "minute":
            count = max(count, 1)
            text = f"{count} {unit}{'' if count == 1 else 's'}"
            return f"{text} ago" if seconds >= 0 else f"in {text}"
    raise AssertionError("unreachable: minutes take the rest")


@register.simple_tag
def relative_time(moment: datetime | None, never: str = "Never") -> SafeString:
    """A relative time with the exact one on hover; dates beyond 30 days are shown as dates."""
    if moment is None:
        return format_html('<span class="muted">{}</span>', never)
    now = timezone.now()
    exact = moment.strftime("%Y-%m-%d %H:%M:%S UTC")
    far = abs(now - moment) > timedelta(days=30)
    text = moment.strftime("%-d %b %Y") if far else describe_time(moment, now)
    return format_html(
        '<time class="nowrap" datetime="{}" title="{}">{}</time>', moment.isoformat(), exact, text
    )


@register.filter
def highlight(code: object, language: str = "text") -> SafeString | str:
    """Code as HTML with Pygments' class names."""
    text = str(code)
    if len(text) > HIGHLIGHT_LIMIT:
        return text
    try:
        lexer = get_lexer_by_name(language or "text", stripall=False, ensurenl=False)
    except ClassNotFound:
        return text
    html: str = highlight_code(text, lexer, HtmlFormatter(nowrap=True))
    return mark_safe(html)  # noqa: S308  Pygments escapes the text


@register.filter
def is_checkbox(field: BoundField) -> bool:
    widget = field.field.widget
    return isinstance(widget, CheckboxInput) and not isinstance(widget, CheckboxSelectMultiple)


register.filter("browser_name", browser_name)


@register.filter
def is_group(field: BoundField) -> bool:
    return isinstance(field.field.widget, (RadioSelect, CheckboxSelectMultiple))


@register.simple_tag
def password_rules() -> list[PasswordRule]:
    """The rules as they stand before anything is typed."""
    return list_password_rules()


@register.simple_block_tag
def dialog(content: str, id: str, title: str, open: bool = False) -> SafeString:
    """`{% dialog "id" "Title" %}…{% enddialog %}`: opened by a link with data-opens="id" whose href is the page that does the same."""
    return render_to_string(
        "components/dialog.html",
        {"id": id, "title": title, "body": mark_safe(content), "open": open},  # noqa: S308
    )
