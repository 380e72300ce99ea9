"""Cloud Services: cards, the price table, Start trial and Subscribe."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.access import (
    get_current_tenant,
    get_tenant_for,
    has_role,
    list_tenants,
    list_tenants_of,
    set_current_tenant,
    signed_in,
)
from portal.features import TRIALS, is_on
from portal.forms import TrialForm
from portal.models import Plan, Rate, Role, Subscription, Tenant, User
from portal.models.plans import HOURS_A_MONTH
from portal.navigation import entry_url, find_entry
from portal.plans import KEPT_AFTER_TRIAL, SERVICES, describe_terms, size_prices
from portal.subscriptions import (
    SubscriptionRefused,
    get_entitlement,
    get_subscription,
    start_trial,
    subscribe,
)


@login_required
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    tenant = get_current_tenant(request)
    deployments = find_entry("deployments")
    cards = [
        {
            "service": service,
            "subscription": get_subscription(tenant, service.slug) if tenant else None,
            "entitlement": get_entitlement(tenant, service.slug) if tenant else None,
        }
        for service in SERVICES.values()
    ]
    context = {
        "deployments_url": entry_url(deployments, tenant) if deployments else None,
        "cards": cards,
        "trials": is_on(TRIALS),
        "trial_terms": describe_terms(Plan.TRIAL),
        "may_choose": not tenant or has_role(request.user, tenant, Role.ADMIN),
        "prices": size_prices().values(),
        "rates": Rate.objects.all(),
        "hours": HOURS_A_MONTH,
    }
    return render(request, "portal/services.html", context)


def _change(
    request: HttpRequest, service: str, change: Callable[..., Subscription], done: str
) -> HttpResponse:
    """Show the confirmation for one service, or carry it out for the chosen tenant (role Admin)."""
    user = signed_in(request)
    if service not in SERVICES:
        raise Http404("No such service")
    form = TrialForm(
        request.POST or None,
        tenants=list_tenants_of(user, Role.ADMIN),
        initial={"tenant": get_current_tenant(request)},
    )
    if form.is_bound:
        if form.is_valid():
            return _carry_out(request, user, form.cleaned_data["tenant"], service, change, done)
        _name_missing_role(user, request.POST.get("tenant", ""))
    context = {
        "form": form,
        "service": SERVICES[service],
        "trial": change is start_trial,
        "trial_terms": describe_terms(Plan.TRIAL),
        "kept_days": KEPT_AFTER_TRIAL.days,
    }
    return render(request, "portal/subscribe.html", context, status=422 if form.is_bound else 200)


def _name_missing_role(user: User, slug: str) -> None:
    """Raises PermissionDenied for a member who is no administrator: more than that the tenant is none of the choices."""
    if slug in [tenant.slug for tenant in list_tenants(user)]:
        get_tenant_for(user, slug, Role.ADMIN)


def _carry_out(
    request: HttpRequest,
    user: User,
    tenant: Tenant,
    service: str,
    change: Callable[..., Subscription],
    done: str,
) -> HttpResponse:
    set_current_tenant(request, tenant)
    had_ended = get_subscription(tenant, service) and not get_entitlement(tenant, service).allowed
    try:
        change(tenant, actor=user, service=service)
    except SubscriptionRefused as refusal:
        messages.error(request, str(refusal))
    else:
        started = " Start again the deployments that stopped when the trial ended." if had_ended else ""
        messages.success(request, done.format(tenant=tenant.name) + started)
    return redirect("portal:services")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def trial(request: HttpRequest, service: str) -> HttpResponse:
    return _change(
        request, service, start_trial, "The trial of {tenant} has started. Create a deployment next."
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def subscription(request: HttpRequest, service: str) -> HttpResponse:
    return _change(request, service, subscribe, "{tenant} is subscribed. Every size is open now.")
