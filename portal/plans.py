"""What can be subscribed. Plans and prices are rows (portal.models.plans); here are those that an installation begins with."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS

from portal.models import Plan, PlanTerms, Rate, SizePrice, Subscription, Tenant

KEPT_AFTER_TRIAL = timedelta(days=30)


@dataclass(frozen=True)
class Service:
    """A card of the Cloud Services page."""

    slug: str
    title: str
    summary: str
    points: tuple[str, ...]
    icon: str


FHIR_SERVER = Service(
    slug="fhir-server",
    title="FHIR server",
    summary="A FHIR R4 server of your own, with keys, OAuth 2.0 and an explorer around it.",
    points=(
        "All 146 resource types of R4, every interaction",
        "API keys and an integrated OAuth 2.0 and SMART server",
        "Synthetic patients to start with, or your own data",
    ),
    icon="server",
)
SERVICES = {service.slug: service for service in (FHIR_SERVER,)}

_TERMS: dict[Plan, dict[str, Any]] = {
    Plan.TRIAL: {"days": 30, "deployments": 1, "sizes": ["xs"], "log_days": 7},
    Plan.STANDARD: {"high_availability": True, "log_days": 30},
}
_PRICES = {
    "xs": ("Extra Small", 4, 10, "Trying things out, a demonstration"),
    "s": ("Small", 11, 27, "One application in development"),
    "m": ("Medium", 29, 70, "A pilot with a few clinics"),
    "l": ("Large", 74, 175, "A hospital's patient applications"),
    "xl": ("Extra Large", 180, 420, "A region, population queries"),
}
_RATES = {Rate.Name.STORAGE: ("GiB and month", 12), Rate.Name.REQUESTS: ("million requests", 90)}


def add_missing(**signal: Any) -> None:
    """After each migration: rows that are there stay as the operator made them."""
    if signal.get("using", DEFAULT_DB_ALIAS) != DEFAULT_DB_ALIAS:
        return
    for plan, terms in _TERMS.items():
        PlanTerms.objects.get_or_create(plan=plan, defaults=terms)
    for position, (size, (title, hour, available, suits)) in enumerate(_PRICES.items()):
        defaults = {"title": title, "hour": hour, "hour_highly_available": available, "suits": suits}
        SizePrice.objects.get_or_create(size=size, defaults={**defaults, "position": position})
    for name, (unit, cents) in _RATES.items():
        Rate.objects.get_or_create(name=name, defaults={"unit": unit, "cents": cents})


def describe_terms(plan: Plan) -> str:
    """What a plan allows, as “30 days, 1 deployment, Extra Small, no high availability”; what has no limit is left out."""
    terms = PlanTerms.objects.get(plan=plan)
    titles = SizePrice.objects.filter(size__in=terms.sizes).values_list("title", flat=True)
    counted = ((terms.days, "day"), (terms.deployments, "deployment"))
    words = [f"{many} {what}{'' if many == 1 else 's'}" for many, what in counted if many is not None]
    words += [" or ".join(titles)] if titles else []
    return ", ".join(words + ([] if terms.high_availability else ["no high availability"]))


def size_prices() -> dict[str, SizePrice]:
    """By code, the smallest size first."""
    return {price.size: price for price in SizePrice.objects.all()}


def rate_of(name: Rate.Name) -> int:
    """Cents for the rate's unit."""
    return Rate.objects.values_list("cents", flat=True).get(name=name)


def get_terms(tenant: Tenant) -> PlanTerms:
    """The terms of the tenant's plan; without one, those of the trial."""
    plans = Subscription.objects.filter(tenant=tenant).values_list("plan", flat=True)
    return PlanTerms.objects.get(plan=Plan.STANDARD if Plan.STANDARD in plans else Plan.TRIAL)
