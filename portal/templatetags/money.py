"""Cents as euros."""

from decimal import Decimal

from django import template

register = template.Library()


@register.filter
def euros(cents: int | Decimal) -> str:
    """1234 → "€12.34"."""
    return f"€{Decimal(cents) / 100:,.2f}"


@register.filter
def quantity(number: Decimal) -> str:
    """1234.500 → "1,234.5"."""
    return f"{Decimal(number).normalize():,f}"
