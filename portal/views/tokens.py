"""A person's tokens for the Management API: made and shown once, listed, revoked."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from portal.access import list_tenants, require_role, signed_in
from portal.forms import TokenForm
from portal.models import Role
from portal.services.tokens import create_token, revoke_token


@login_required
@never_cache
def tokens(request: HttpRequest) -> HttpResponse:
    """The new token's text is in the answer to the form itself: it is nowhere kept, and a reload does not repeat it."""
    user = signed_in(request)
    form = TokenForm(request.POST or None, tenants=list_tenants(user))
    text = ""
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        if chosen["tenant"] is not None:
            require_role(user, chosen["tenant"], Role(chosen["role"]))
        _, text = create_token(
            user,
            chosen["name"],
            chosen["role"],
            tenant=chosen["tenant"],
            expires=timezone.now() + timedelta(days=chosen["days"]),
        )
        form = TokenForm(tenants=list_tenants(user))
    context = {
        "form": form,
        "text": text,
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
