"""Usage of a tenant by month: apps above register what they meter, the portal prices it and shows it.

A source gives `UsageLine`s for a tenant and a month; deployments (hours by size), the gateway (requests) and the
store (gigabytes) are such sources. Amounts are in cents.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from portal.models import Rate, Tenant
from portal.plans import rate_of, size_prices
from portal.templatetags.money import euros

MILLION = 1_000_000
BEGUN_HOURS = (
    "Each hour of the clock (UTC) in which a deployment ran counts as a whole one, however short it ran."
)


@dataclass(frozen=True)
class UsageLine:
    """One line of a statement: `quantity` of `unit` at `unit_price` cents each."""

    deployment: str
    description: str
    quantity: Decimal
    unit: str
    unit_price: Decimal

    @property
    def quantity_words(self) -> str:
        """As “1 hour” and “2,500.5 hours”."""
        plural = "" if self.quantity == 1 else "s"
        return f"{self.quantity.normalize():,f} {self.unit}{plural}"

    @property
    def price_words(self) -> str:
        """As “€0.04 an hour”; what is a fraction of a cent is told for a million."""
        if not self.unit_price:
            return "free"
        if self.unit_price < Decimal("0.01"):
            return f"{euros(self.unit_price * MILLION)} a million {self.unit}s"
        return f"{euros(self.unit_price)} {'an' if self.unit == 'hour' else 'a'} {self.unit}"

    @property
    def amount(self) -> Decimal:
        """Cents, rounded to the cent."""
        return (self.quantity * self.unit_price).quantize(Decimal(1))


@dataclass(frozen=True)
class Statement:
    """A tenant's month: from `start` to `end` (exclusive), its lines and their sum in cents."""

    tenant: Tenant
    start: datetime
    end: datetime
    lines: tuple[UsageLine, ...]

    @property
    def is_complete(self) -> bool:
        """Whether the month has ended: until then the statement grows."""
        return self.end <= timezone.now()

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))


UsageSource = Callable[[Tenant, datetime, datetime], Iterable[UsageLine]]
_sources: list[UsageSource] = []


def register_usage(source: UsageSource) -> None:
    if source not in _sources:
        _sources.append(source)


def next_month(start: datetime) -> datetime:
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def make_statement(tenant: Tenant, start: datetime) -> Statement:
    """The statement of the month that begins at `start` (the first day, midnight UTC)."""
    end = next_month(start)
    lines = tuple(line for source in _sources for line in source(tenant, start, end))
    return Statement(tenant, start, end, lines)


@dataclass(frozen=True)
class Estimate:
    """What a month would cost: one deployment, its requests (millions) and what it stores (GiB). Amounts are in cents."""

    size: str
    highly_available: bool
    hours: int
    requests: int
    stored: int

    def lines(self) -> tuple[UsageLine, ...]:
        price = size_prices()[self.size]
        hour = price.hour_highly_available if self.highly_available else price.hour
        requests, storage = rate_of(Rate.Name.REQUESTS), rate_of(Rate.Name.STORAGE)
        return (
            UsageLine("", price.title, Decimal(self.hours), "hour", Decimal(hour)),
            UsageLine("", "Requests", Decimal(self.requests), "million", Decimal(requests)),
            UsageLine("", "Storage", Decimal(self.stored), "GiB", Decimal(storage)),
        )
