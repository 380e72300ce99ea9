"""Tenants: list, create, switch, settings, transfer, leave, delete, audit log, usage."""

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import (
    count_without_two_steps,
    get_deleted_membership_for,
    list_shut_tenants,
    set_current_tenant,
    signed_in,
    tenant_view,
)
from portal.forms import TenantForm, TransferForm, TypedNameForm
from portal.models import AuditEvent, Membership, Role
from portal.services.refusals import Refused
from portal.services.tenants import (
    KEPT_AFTER_DELETION,
    create_tenant,
    delete_tenant,
    rename_tenant,
    require_mfa,
    restore_tenant,
    transfer_tenant,
)
from portal.tenant_pages import tenant_context
from portal.views.shell import next_page

EVENTS_A_PAGE = 50


@login_required
@require_safe
def tenants(request: HttpRequest) -> HttpResponse:
    memberships = (
        Membership.objects.filter(user=signed_in(request), tenant__deleted__isnull=True)
        .select_related("tenant")
        .order_by("tenant__name")
    )
    deleted = Membership.objects.filter(
        user=signed_in(request), role=Role.OWNER, tenant__deleted__isnull=False
    ).select_related("tenant")
    leaving = [(each, each.tenant.deleted + KEPT_AFTER_DELETION) for each in deleted if each.tenant.deleted]
    context = {
        "memberships": memberships,
        "shut": list_shut_tenants(signed_in(request)),
        "deleted": leaving,
        "form": TenantForm(),
    }
    return render(request, "portal/tenants.html", context)


@login_required
@require_POST
def restore(request: HttpRequest, slug: str) -> HttpResponse:
    """Only an owner sees a deleted tenant at all, here and nowhere else."""
    membership = get_deleted_membership_for(request.user, slug)
    try:
        restore_tenant(membership.tenant, actor=membership.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, f"{membership.tenant.name} is back. Start its deployments when you need them."
        )
    return redirect("portal:tenants")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def tenant_new(request: HttpRequest) -> HttpResponse:
    form = TenantForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        tenant = create_tenant(form.cleaned_data["name"], owner=signed_in(request))
        set_current_tenant(request, tenant)
        messages.success(request, f"{tenant.name} was created. Invite your team next.")
        return redirect("portal:members", tenant.slug)
    return render(request, "portal/tenant_new.html", {"form": form})


@tenant_view(Role.READ)
@require_POST
def tenant_switch(request: HttpRequest, membership: Membership) -> HttpResponse:
    set_current_tenant(request, membership.tenant)
    return redirect(next_page(request, "/services/"))


@tenant_view(Role.READ)
@require_safe
def tenant_home(request: HttpRequest, membership: Membership) -> HttpResponse:
    return redirect("portal:members", membership.tenant.slug)


@tenant_view(Role.ADMIN)
def settings(request: HttpRequest, membership: Membership) -> HttpResponse:
    form = TenantForm(request.POST or None, initial={"name": membership.tenant.name})
    if request.method == "POST" and form.is_valid():
        rename_tenant(membership.tenant, form.cleaned_data["name"], actor=membership.user)
        messages.success(request, "The name was changed.")
        return redirect("portal:settings", membership.tenant.slug)
    context = tenant_context(membership, "settings") | {
        "form": form,
        "member_count": membership.tenant.memberships.count(),
        "has_two_steps": is_mfa_enabled(membership.user),
        "without_two_steps": count_without_two_steps(membership.tenant),
    }
    if membership.may(Role.OWNER):
        context |= {
            "transfer_form": TransferForm(actor=membership),
            "delete_form": TypedNameForm(expected=membership.tenant.name),
        }
    return render(request, "portal/tenant_settings.html", context)


@tenant_view(Role.ADMIN)
@require_POST
def mfa_rule(request: HttpRequest, membership: Membership) -> HttpResponse:
    required = request.POST.get("required") == "yes"
    try:
        require_mfa(membership.tenant, required, actor=membership.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("portal:settings", membership.tenant.slug)
    messages.success(
        request, f"Two-step sign-in is {'now required' if required else 'no longer required'} of all members."
    )
    return redirect("portal:settings", membership.tenant.slug)


@tenant_view(Role.OWNER)
def transfer(request: HttpRequest, membership: Membership) -> HttpResponse:
    form = TransferForm(request.POST or None, actor=membership)
    if request.method == "POST" and form.is_valid():
        member = form.cleaned_data["member"]
        try:
            transfer_tenant(membership.tenant, member, actor=membership)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"{member.user.get_full_name()} owns {membership.tenant.name} now.")
        return redirect("portal:members", membership.tenant.slug)
    context = tenant_context(membership, "settings") | {"form": form}
    return render(request, "portal/tenant_transfer.html", context)


@tenant_view(Role.OWNER)
def delete(request: HttpRequest, membership: Membership) -> HttpResponse:
    form = TypedNameForm(request.POST or None, expected=membership.tenant.name)
    if request.method == "POST" and form.is_valid():
        delete_tenant(membership.tenant, actor=membership.user)
        messages.success(request, f"{membership.tenant.name} was deleted.")
        return redirect("portal:tenants")
    context = tenant_context(membership, "settings") | {"form": form}
    return render(request, "portal/tenant_delete.html", context)


def _older_than(events: QuerySet[AuditEvent], before: str) -> QuerySet[AuditEvent]:
    """Those after the one with that primary key, newest first; all when there is none."""
    last = events.filter(pk=int(before)).first() if before.isdecimal() and len(before) < 19 else None
    if last is None:
        return events
    return events.filter(created__lte=last.created).exclude(created=last.created, pk__gte=last.pk)


@tenant_view(Role.ADMIN)
@require_safe
def audit_log(request: HttpRequest, membership: Membership) -> HttpResponse:
    events = AuditEvent.objects.filter(tenant=membership.tenant)
    actions = events.order_by("action")
    action, before = request.GET.get("action", ""), request.GET.get("before", "")
    found = _older_than(events.filter(action=action) if action else events, before)
    shown = list(found[: EVENTS_A_PAGE + 1])
    context = tenant_context(membership, "audit") | {
        "events": shown[:EVENTS_A_PAGE],
        "older": shown[EVENTS_A_PAGE - 1].pk if len(shown) > EVENTS_A_PAGE else None,
        "actions": actions.values_list("action", flat=True).distinct(),
        "chosen_action": action,
    }
    return render(request, "portal/audit_log.html", context)
