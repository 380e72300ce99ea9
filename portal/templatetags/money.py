"""Cents as euros."""

from decimal import Decimal

from django import template

register = template.Library()


@register.filter
def euros(cents: int | Decimal) -> str:
    """1234 → "€12.34"."""
    return f"€{Decimal(cents) / 100:,.2f}"
