"""What the portal itself puts into the shell: its entries, the trial's banner, and what follows a sign-up."""

import math
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from allauth.account.signals import user_signed_up
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from portal.access import has_role
from portal.form_pages import FormPage, register_form_pages
from portal.models import Plan, Role, Tenant, User
from portal.navigation import Banner, Entry, register_banners, register_entry
from portal.plans import KEPT_AFTER_TRIAL
from portal.services.tenants import create_default_tenant
from portal.subscriptions import get_subscription

DAY_SECONDS = 86_400


def register() -> None:
    register_entry(Entry("services", "Cloud Services", "portal:services", "layout-grid", 10, "/services/"))
    register_entry(Entry("tenant", "Tenant", "portal:members", "building-2", 30, "/tenants/", of_tenant=True))
    register_entry(Entry("docs", "Docs", "portal:docs", "book-open", 40, "/docs/"))
    register_banners(trial_banner)
    register_form_pages(
        {
            "portal:restore": FormPage("portal:tenants"),
            "portal:session-end": FormPage("usersessions_list"),
            "portal:password-rules": FormPage("account_signup"),
        }
    )
    user_signed_up.connect(after_sign_up, dispatch_uid="portal.after_sign_up")


def after_sign_up(sender: object, user: User, **kwargs: Any) -> None:
    create_default_tenant(user)


def trial_banner(request: HttpRequest, tenant: Tenant) -> Iterator[Banner]:
    """Counts the trial's days; from the last week on it cannot be dismissed."""
    subscription = get_subscription(tenant)
    if subscription is None or subscription.plan != Plan.TRIAL or subscription.expires is None:
        return
    url, label = "", ""
    if has_role(request.user, tenant, Role.ADMIN):
        url, label = reverse("portal:subscribe", args=[subscription.service]), "Subscribe"
    left = (subscription.expires - timezone.now()).total_seconds()
    if left <= 0:
        kept = (subscription.expires + KEPT_AFTER_TRIAL).astimezone(UTC)
        text = f"The trial of {tenant.name} has ended. Deployments are stopped; their data is kept until {kept:%-d %B %Y}."
        yield Banner(text, "error", url=url, label=label)
        return
    days = math.ceil(left / DAY_SECONDS)
    text = f"Trial of {tenant.name}: {days} day{'' if days == 1 else 's'} left."
    late = days <= 7
    yield Banner(text, "warning" if late else "info", "" if late else f"trial-{tenant.pk}-{days}", url, label)
