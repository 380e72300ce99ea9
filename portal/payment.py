"""Payment stays outside: what a provider has to do, and the one that comes with Fireside, an invoice that a person writes.

A provider for a payment service is a class with these two methods; `use` makes an installation ask it instead.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portal.models import SettledMonth, Tenant
from portal.usage import Statement, make_statement


@dataclass(frozen=True)
class PaymentState:
    """How a statement is paid, in words for its page. `url`: where a person does it, empty where nothing is to be done."""

    words: str
    url: str = ""


class PaymentProvider(Protocol):
    """`name` is shown beside the statements."""

    name: str

    def state_of(self, statement: Statement) -> PaymentState:
        """How a month that has ended is paid. It must answer at once: it runs while a page is made."""
        ...

    def settle(self, statement: Statement) -> None:
        """A month has ended: take the payment, or ask for it. It may be called again for the same month."""
        ...


class ManualInvoice:
    """The operator sends an invoice by other means, from the statement's PDF or CSV."""

    name = "Invoice"

    def state_of(self, statement: Statement) -> PaymentState:
        if not statement.total:
            return PaymentState("Nothing is to be paid.")
        return PaymentState(
            f"By invoice from the operator of this installation ({settings.DEFAULT_FROM_EMAIL})."
        )

    def settle(self, statement: Statement) -> None:
        """Nothing: the operator reads the statements."""


_provider: list[PaymentProvider] = [ManualInvoice()]


def use(provider: PaymentProvider) -> None:
    """Called from an `AppConfig.ready`."""
    _provider[0] = provider


def get_provider() -> PaymentProvider:
    return _provider[0]


def settle_last_month() -> int:
    """Give last month's statement of each tenant to the provider, once; returns how many. Run it every hour.

    Usage is counted up to a day late, so a month is settled from its second day after the end on.
    """
    now = timezone.now()
    this_month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if now < this_month + timedelta(days=1):
        return 0
    start = (this_month - timedelta(days=1)).replace(day=1)
    open_tenants = Tenant.objects.exclude(settled_months__start=start.date())
    return sum(_settle(tenant, start) for tenant in open_tenants.filter(created__lt=this_month))


@transaction.atomic
def _settle(tenant: Tenant, start: datetime) -> bool:
    statement = make_statement(tenant, start)
    _, is_ours = SettledMonth.objects.get_or_create(
        tenant=tenant, start=start.date(), defaults={"total": int(statement.total)}
    )
    if is_ours and statement.total:
        get_provider().settle(statement)
    return is_ours
