"""Trials and subscriptions: what a tenant may do, decided here and enforced by the services above."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.models import Plan, Subscription, Tenant, User
from portal.plans import FHIR_SERVER, SIZE_PRICES, TRIAL_LIFE, TRIAL_SIZES


class SubscriptionRefused(Exception):
    """The change is not possible; the message says why and is shown as it is."""


@dataclass(frozen=True)
class Entitlement:
    """What a tenant may deploy now. `deployments` is the most it may have, None for no limit.

    `reason` says why something is not allowed, for the page that refuses it; empty when all is allowed.
    """

    plan: str
    allowed: bool
    deployments: int | None
    sizes: frozenset[str]
    high_availability: bool
    expires: datetime | None
    reason: str

    def refusal(self, *, existing: int, size: str, high_availability: bool) -> str:
        """Why a tenant with `existing` deployments may not create this one; empty when it may."""
        if not self.allowed:
            return self.reason
        if self.deployments is not None and existing >= self.deployments:
            return f"The trial allows {self.deployments} deployment. Subscribe to create more."
        if size not in self.sizes:
            return "The trial allows the size Extra Small only. Subscribe to choose another."
        if high_availability and not self.high_availability:
            return "High availability is not part of the trial. Subscribe to choose it."
        return ""


ALL_SIZES = frozenset(SIZE_PRICES)
NOTHING = Entitlement(
    "none", False, 0, frozenset(), False, None, "Start the trial or subscribe before creating a deployment."
)


def get_subscription(tenant: Tenant, service: str = FHIR_SERVER.slug) -> Subscription | None:
    return Subscription.objects.filter(tenant=tenant, service=service).first()


def get_entitlement(tenant: Tenant, service: str = FHIR_SERVER.slug) -> Entitlement:
    """What this tenant may deploy of a service, now."""
    subscription = get_subscription(tenant, service)
    if subscription is None:
        return NOTHING
    if subscription.plan == Plan.STANDARD:
        return Entitlement(Plan.STANDARD, True, None, ALL_SIZES, True, None, "")
    running = subscription.expires is not None and timezone.now() < subscription.expires
    reason = "" if running else "The trial has ended. Subscribe to start and create deployments."
    return Entitlement(Plan.TRIAL, running, 1, TRIAL_SIZES, False, subscription.expires, reason)


@transaction.atomic
def start_trial(tenant: Tenant, *, actor: User, service: str = FHIR_SERVER.slug) -> Subscription:
    """30 days from now. A tenant has one trial of a service; raises SubscriptionRefused for a second."""
    subscription, made = Subscription.objects.get_or_create(
        tenant=tenant,
        service=service,
        defaults={"plan": Plan.TRIAL, "expires": timezone.now() + TRIAL_LIFE},
    )
    if not made:
        has = "is subscribed already" if subscription.plan == Plan.STANDARD else "has used its trial"
        raise SubscriptionRefused(f"{tenant.name} {has}.")
    audit.record("subscription.trial_started", tenant=tenant, actor=actor, target=service)
    return subscription


@transaction.atomic
def subscribe(tenant: Tenant, *, actor: User, service: str = FHIR_SERVER.slug) -> Subscription:
    """Unlock every size, high availability and any number of deployments. A trial becomes a subscription."""
    before = get_subscription(tenant, service)
    if before is not None and before.plan == Plan.STANDARD:
        raise SubscriptionRefused(f"{tenant.name} is subscribed already.")
    subscription, _ = Subscription.objects.update_or_create(
        tenant=tenant, service=service, defaults={"plan": Plan.STANDARD, "expires": None}
    )
    audit.record(
        "subscription.subscribed",
        tenant=tenant,
        actor=actor,
        target=service,
        before={"plan": before.plan if before else "none"},
        after={"plan": Plan.STANDARD.value},
    )
    return subscription
