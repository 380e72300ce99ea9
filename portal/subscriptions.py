"""Trials and subscriptions: what a tenant may do, decided here and enforced by the services above."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from portal import audit
from portal.features import TRIALS, is_on
from portal.models import Plan, PlanTerms, SizePrice, Subscription, Tenant, User
from portal.plans import FHIR_SERVER


class SubscriptionRefused(Exception):
    """The change is not possible; the message says why and is shown as it is."""


@dataclass(frozen=True)
class Entitlement:
    """What a tenant may deploy now. `deployments` is the most it may have, None for no limit; `sizes`, empty for all.

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
            count = f"{self.deployments} deployment{'' if self.deployments == 1 else 's'}"
            return f"The {self.plan} allows {count}. Subscribe to create more."
        if self.sizes and size not in self.sizes:
            titles = SizePrice.objects.filter(size__in=self.sizes).values_list("title", flat=True)
            named = ", ".join(titles)
            return f"The {self.plan} allows the size {named} only. Subscribe to choose another."
        if high_availability and not self.high_availability:
            return f"High availability is not part of the {self.plan}. Subscribe to choose it."
        return ""


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
    terms = PlanTerms.objects.get(plan=subscription.plan)
    running = subscription.expires is None or timezone.now() < subscription.expires
    return Entitlement(
        subscription.plan,
        running,
        terms.deployments,
        frozenset(terms.sizes),
        terms.high_availability,
        subscription.expires,
        ""
        if running
        else "The trial has ended. Subscribe on Cloud Services to start and create deployments.",
    )


def list_free_tenants() -> set[int]:
    """The primary keys of those that use nothing but a trial: nothing of it is charged."""
    charged = Subscription.objects.exclude(plan=Plan.TRIAL).values("tenant_id")
    found = Subscription.objects.filter(plan=Plan.TRIAL).exclude(tenant__in=charged)
    return set(found.values_list("tenant_id", flat=True))


def is_free(tenant_id: int) -> bool:
    """Whether the tenant uses nothing but a trial, of which nothing is charged."""
    plans = set(Subscription.objects.filter(tenant=tenant_id).values_list("plan", flat=True))
    return plans == {Plan.TRIAL.value}


@transaction.atomic
def start_trial(tenant: Tenant, *, actor: User, service: str = FHIR_SERVER.slug) -> Subscription:
    """For as many days as the plan says. A tenant has one trial of a service; raises SubscriptionRefused for a second."""
    if not is_on(TRIALS):
        raise SubscriptionRefused("This installation offers no trial. Subscribe instead.")
    days = PlanTerms.objects.get(plan=Plan.TRIAL).days
    expires = timezone.now() + timedelta(days=days) if days else None
    subscription, made = Subscription.objects.get_or_create(
        tenant=tenant, service=service, defaults={"plan": Plan.TRIAL, "expires": expires}
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
