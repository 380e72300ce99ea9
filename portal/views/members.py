"""Members of a tenant, and invitations."""

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import set_current_tenant, signed_in, tenant_view, with_two_steps
from portal.forms import InvitationForm, RoleForm
from portal.leaving import list_known
from portal.models import Invitation, Membership, Role, Tenant
from portal.services.members import (
    accept_invitation,
    change_role,
    create_invitation,
    find_invitation,
    is_last_owner,
    remove_member,
    resend_invitation,
    withdraw_invitation,
)
from portal.services.refusals import Refused
from portal.tenant_pages import tenant_context
from portal.views.errors import LinkEnded

MEMBERS_A_PAGE = 50


@tenant_view(Role.READ)
@require_safe
def members(request: HttpRequest, membership: Membership) -> HttpResponse:
    """GET lists members and invitations; the invitation form posts to `invite`."""
    return _members_page(request, membership, InvitationForm(highest=membership.role))


def _members_page(
    request: HttpRequest, membership: Membership, form: InvitationForm, status: int = 200
) -> HttpResponse:
    tenant = membership.tenant
    asked = request.GET.get("q", "").strip()
    page = Paginator(_found_members(tenant, asked), MEMBERS_A_PAGE).get_page(request.GET.get("page"))
    invitations = tenant.invitations.filter(email__icontains=asked).select_related("invited_by")
    context = tenant_context(membership, "members") | {
        "page": page,
        "asked": asked,
        "invitations": invitations if membership.may(Role.ADMIN) and page.number == 1 else [],
        "roles": [choice for choice in Role.choices if choice[0] <= membership.role],
        "form": form,
    }
    return render(request, "portal/members.html", context, status=status)


def _found_members(tenant: Tenant, asked: str) -> QuerySet[Membership]:
    """All, or those whose name or address holds what is asked for."""
    found = with_two_steps(tenant.memberships.select_related("user"))
    if not asked:
        return found
    return found.filter(Q(user__name__icontains=asked) | Q(user__email__icontains=asked))


def _try(request: HttpRequest, change: Callable[[], object], done: str) -> bool:
    """Carry out a change and say what came of it."""
    try:
        change()
    except Refused as refusal:
        messages.error(request, str(refusal))
        return False
    messages.success(request, done)
    return True


@tenant_view(Role.ADMIN)
@require_POST
def invite(request: HttpRequest, membership: Membership) -> HttpResponse:
    form = InvitationForm(request.POST, highest=membership.role)
    if not form.is_valid():
        return _members_page(request, membership, form, status=422)
    email, role = form.cleaned_data["email"], form.cleaned_data["role"]
    try:
        create_invitation(membership.tenant, email, role, actor=membership)
    except Refused as refusal:
        form.add_error("email", str(refusal))
        return _members_page(request, membership, form, status=422)
    messages.success(request, f"An invitation was mailed to {email}.")
    return redirect("portal:members", membership.tenant.slug)


@tenant_view(Role.ADMIN)
@require_POST
def member_role(request: HttpRequest, membership: Membership, member_id: int) -> HttpResponse:
    member = get_object_or_404(membership.tenant.memberships.select_related("user", "tenant"), pk=member_id)
    form = RoleForm(request.POST)
    if form.is_valid():
        role = Role(form.cleaned_data["role"])
        _try(
            request,
            lambda: change_role(member, role, actor=membership),
            f"{member.user.get_full_name()} has the role {role.label} now.",
        )
    else:
        messages.error(request, "Choose one of the roles. Nothing was changed.")
    return redirect("portal:members", membership.tenant.slug)


@tenant_view(Role.ADMIN)
def member_remove(request: HttpRequest, membership: Membership, member_id: int) -> HttpResponse:
    member = get_object_or_404(membership.tenant.memberships.select_related("user", "tenant"), pk=member_id)
    if request.method == "POST":
        name = member.user.get_full_name()
        _try(request, lambda: remove_member(member, actor=membership), f"{name} was removed.")
        return redirect("portal:members", membership.tenant.slug)
    return _ask_before(request, membership, member)


@tenant_view(Role.READ)
def leave(request: HttpRequest, membership: Membership) -> HttpResponse:
    if request.method == "POST":
        left = _try(
            request,
            lambda: remove_member(membership, actor=membership),
            f"You left {membership.tenant.name}.",
        )
        return redirect("portal:tenants") if left else redirect("portal:members", membership.tenant.slug)
    return _ask_before(request, membership, membership)


def _ask_before(request: HttpRequest, membership: Membership, member: Membership) -> HttpResponse:
    """What ends when the member goes, and what does not."""
    tenant = membership.tenant
    context = tenant_context(membership, "members") | {
        "member": member,
        "leaving": member.pk == membership.pk,
        "last_owner": is_last_owner(member),
        "alone": tenant.memberships.count() == 1,
        "tokens": member.user.management_tokens.filter(tenant=tenant).count(),
        "known": list_known(tenant, member.user),
    }
    return render(request, "portal/member_remove.html", context)


@tenant_view(Role.ADMIN)
@require_POST
def invitation_resend(request: HttpRequest, membership: Membership, invitation_id: int) -> HttpResponse:
    invitation = get_object_or_404(membership.tenant.invitations.select_related("tenant"), pk=invitation_id)
    _try(
        request,
        lambda: resend_invitation(invitation, actor=membership),
        f"A new invitation was mailed to {invitation.email}.",
    )
    return redirect("portal:members", membership.tenant.slug)


@tenant_view(Role.ADMIN)
@require_POST
def invitation_withdraw(request: HttpRequest, membership: Membership, invitation_id: int) -> HttpResponse:
    invitation = get_object_or_404(membership.tenant.invitations.select_related("tenant"), pk=invitation_id)
    _try(
        request,
        lambda: withdraw_invitation(invitation, actor=membership),
        f"The invitation of {invitation.email} was withdrawn.",
    )
    return redirect("portal:members", membership.tenant.slug)


def _load_invitation(secret: str) -> Invitation:
    invitation = find_invitation(secret)
    if invitation is None or not invitation.tenant.is_active:
        raise LinkEnded(
            "The invitation was accepted or withdrawn, or a newer mail has replaced this one: look for that mail, or ask who"
            " invited you to send it again."
        )
    return invitation


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """The mailed link: says who invites to what, also to those who have no account yet; POST accepts."""
    found = _load_invitation(secret)
    if not request.user.is_authenticated:
        return render(request, "portal/invitation_open.html", {"invitation": found})
    user = signed_in(request)
    if request.method == "POST":
        try:
            membership = accept_invitation(found, user)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("portal:invitation", secret)
        set_current_tenant(request, membership.tenant)
        messages.success(request, f"Welcome to {membership.tenant.name}.")
        return redirect("portal:members", membership.tenant.slug)
    context = {"invitation": found, "for_other": found.email != user.email.lower()}
    return render(request, "portal/invitation.html", context)
