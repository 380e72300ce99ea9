"""Tokens for the Management API: a person's, made and shown once; a tenant's, as its administrators see and end them."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import list_shut_tenants, list_tenants, signed_in, tenant_view
from portal.forms import TokenForm
from portal.models import Membership, Role
from portal.services.tokens import create_token, list_tenant_tokens, revoke_token
from portal.shown_once import keep_for_one_page, take_kept
from portal.tenant_pages import tenant_context

_PAGE = "tokens"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    initial = {"tenant": request.GET.get("tenant", "")[:80]}
    form = TokenForm(request.POST or None, user=user, tenants=list_tenants(user), initial=initial)
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        _, text = create_token(
            user,
            chosen["name"],
            chosen["role"],
            tenant=chosen["tenant"],
            expires=timezone.now() + timedelta(days=chosen["days"]),
        )
        keep_for_one_page(request, _PAGE, chosen["name"], text)
        return redirect("portal:tokens")
    shown = take_kept(request, _PAGE)
    context = {
        "form": form,
        "text": shown.text if shown else "",
        "shut": list_shut_tenants(user),
        "tokens": user.management_tokens.select_related("tenant"),
        "address": request.build_absolute_uri("/api/v1/me/"),
    }
    return render(request, "portal/tokens.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def revoke(request: HttpRequest, token_id: int) -> HttpResponse:
    token = get_object_or_404(signed_in(request).management_tokens.select_related("user"), pk=token_id)
    revoke_token(token, actor=token.user)
    messages.success(request, f"{token.name} was revoked. It does not open anything any more.")
    return redirect("portal:tokens")


@tenant_view(Role.ADMIN)
@never_cache
@require_safe
def tenant_tokens(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Those made for this tenant alone; `reach`: what each may really do, which is never more than its person."""
    roles = dict(membership.tenant.memberships.values_list("user", "role"))
    rows = [
        {
            "token": token,
            "reach": Role(min(token.role, roles.get(token.user_id, Role.READ))),
            "may_revoke": membership.role >= token.role,
        }
        for token in list_tenant_tokens(membership.tenant)
    ]
    return render(request, "portal/tenant_tokens.html", tenant_context(membership, "tokens") | {"rows": rows})


@tenant_view(Role.ADMIN)
@require_POST
def tenant_token_revoke(request: HttpRequest, membership: Membership, token_id: int) -> HttpResponse:
    token = get_object_or_404(list_tenant_tokens(membership.tenant), pk=token_id)
    if membership.role < token.role:
        raise PermissionDenied(f"This token has the role {Role(token.role).label}, which is above yours.")
    revoke_token(token, actor=membership.user)
    messages.success(request, f"{token.name} was revoked. It does not open anything any more.")
    return redirect("portal:tenant-tokens", membership.tenant.slug)
