"""The landing page, the guides, and the account page."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.access import signed_in
from portal.browsers import browser_name
from portal.forms import AccountForm
from portal.guide_errors import ERRORS
from portal.guides import GUIDES, get_guide
from portal.models import Role
from portal.notifications.kinds import SUBSCRIBABLE
from portal.passwords import list_password_rules
from portal.rights import list_rights
from portal.services.accounts import change_account
from portal.showcase import get_showcase
from portal.two_steps import take_wanted


@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """What Fireside is, for visitors; members go to their services."""
    if request.user.is_authenticated:
        return redirect("portal:services")
    return render(request, "portal/landing.html", {"showcase": get_showcase()})


@require_safe
def docs(request: HttpRequest, slug: str = "") -> HttpResponse:
    guide = get_guide(slug)
    if guide is None:
        raise Http404("No such guide")
    roles = [(role, list_rights(role)) for role in Role]
    context = {"guide": guide, "guides": GUIDES, "roles": roles, "errors": ERRORS, "kinds": SUBSCRIBABLE}
    return render(request, guide.template, context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    form = AccountForm(request.POST or None, initial={"name": user.name, "wants_notices": user.wants_notices})
    if request.method == "POST" and form.is_valid():
        change_account(user, **form.cleaned_data)
        messages.success(request, "Your account was changed.")
        return redirect("portal:account")
    return render(request, "portal/account.html", {"form": form})


@require_safe
@login_required
def go_on(request: HttpRequest) -> HttpResponse:
    """To the page that a tenant's rule of two-step sign-in had kept shut."""
    return redirect(take_wanted(request) or "portal:services")


@require_POST
def password_rules(request: HttpRequest) -> HttpResponse:
    """The rules with what the typed password meets: a fragment of the sign-up page."""
    rules = list_password_rules(
        request.POST.get("password1", "")[:256],
        name=request.POST.get("name", ""),
        email=request.POST.get("email", ""),
    )
    return render(request, "portal/password_rules.html", {"password_rules": rules})


@require_POST
@login_required
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    """End one of the person's sessions elsewhere; that of this browser ends by Log out."""
    ended = get_object_or_404(UserSession, pk=session_id, user=signed_in(request))
    if ended.session_key == request.session.session_key:
        messages.error(request, "This is the session of this browser. End it with Log out.")
    else:
        ended.end()
        messages.success(request, f"The session of {browser_name(ended.user_agent)} was ended.")
    return redirect("usersessions_list")
