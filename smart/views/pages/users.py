"""People of the integrated authorization server: make, invite, link to their record, reset, switch off."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from credentials.models import ServerUser
from deployments.models import Deployment
from deployments.views.loaded import deployment_view
from portal.access import signed_in
from portal.models import Role
from portal.shown_once import keep_for_one_page, take_kept
from smart import users
from smart.connections import list_connections
from smart.forms import ServerUserForm
from smart.records import LINKABLE, search_people
from smart.trail import note_change
from smart.views.pages.overview import may_admin

USERS_A_PAGE = 50


def _get(deployment: Deployment, user_id: int) -> ServerUser:
    return get_object_or_404(ServerUser, pk=user_id, deployment=deployment)


@never_cache
@require_safe
@deployment_view(Role.READ)
def index(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    asked = request.GET.get("q", "").strip()
    found = Paginator(users.find_users(deployment, asked), USERS_A_PAGE)
    context = {
        "deployment": deployment,
        "may_admin": may_admin(deployment),
        "page": found.get_page(request.GET.get("page")),
        "asked": asked,
        "link": take_kept(request, deployment.pk),
    }
    return render(request, "smart/pages/users.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@deployment_view(Role.ADMIN)
def create(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    """Makes the user and the link by which a password is set; it is mailed, if there is an address."""
    form = _form(request, {})
    if form.is_bound and form.is_valid():
        try:
            user = users.create_user(deployment, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error) if "__all__" in error.message_dict else _blame(form, error)
        else:
            note_change(deployment, "user_created", user.username, by=signed_in(request))
            keep_for_one_page(request, deployment.pk, user.username, users.send_password_link(user))
            return redirect("oauth:users", deployment.pk)
    return _form_page(request, deployment, form)


@require_http_methods(["GET", "HEAD", "POST"])
@deployment_view(Role.ADMIN)
def change(request: HttpRequest, deployment: Deployment, user_id: int) -> HttpResponse:
    user = _get(deployment, user_id)
    initial = {name: getattr(user, name) for name in ("username", "name", "email", "fhir_user")}
    form = _form(request, initial)
    form.fields["username"].disabled = True
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        try:
            users.update_user(user, email=given["email"], name=given["name"], fhir_user=given["fhir_user"])
        except ValidationError as error:
            _blame(form, error)
        else:
            note_change(deployment, "user_changed", user.username, by=signed_in(request))
            messages.success(request, "Saved.")
            return redirect("oauth:users", deployment.pk)
    return _form_page(request, deployment, form, user)


def _form(request: HttpRequest, initial: dict[str, str]) -> ServerUserForm:
    """Bound only when it is to be saved: “Find” and the choice of a record keep what was typed so far."""
    if request.method != "POST":
        return ServerUserForm(initial=initial)
    if "find" not in request.POST and "choose" not in request.POST:
        return ServerUserForm(request.POST, initial=initial)
    typed = {name: request.POST[name] for name in ServerUserForm.base_fields if name in request.POST}
    if "choose" in request.POST:
        typed["fhir_user"] = request.POST["choose"][:100]
    return ServerUserForm(initial=initial | typed)


def _blame(form: ServerUserForm, error: ValidationError) -> None:
    for name, problems in error.message_dict.items():
        form.add_error(name if name in form.fields else None, problems)


def _form_page(
    request: HttpRequest, deployment: Deployment, form: ServerUserForm, user: ServerUser | None = None
) -> HttpResponse:
    """With “Find”, the people of the deployment's own data that match, to link the user to one."""
    finding = "find" in request.POST
    kind, words = request.POST.get("find_type", "Patient"), request.POST.get("find_words", "")[:100]
    context: dict[str, Any] = {
        "deployment": deployment,
        "form": form,
        "user_of_server": user,
        "kinds": LINKABLE,
        "kind": kind,
        "words": words,
        "finding": finding,
        "found": search_people(deployment, kind, words) if finding else [],
        "connections": list_connections(user) if user else [],
    }
    status = 422 if form.is_bound else 200
    return render(request, "smart/pages/user_form.html", context, status=status)


@require_POST
@deployment_view(Role.ADMIN)
def reset(request: HttpRequest, deployment: Deployment, user_id: int) -> HttpResponse:
    """A new link to set a password; the old password works until it is used."""
    user = _get(deployment, user_id)
    note_change(deployment, "user_reset", user.username, by=signed_in(request))
    keep_for_one_page(request, deployment.pk, user.username, users.send_password_link(user))
    return redirect("oauth:users", deployment.pk)


@require_POST
@deployment_view(Role.ADMIN)
def switch(request: HttpRequest, deployment: Deployment, user_id: int) -> HttpResponse:
    user = _get(deployment, user_id)
    users.set_user_enabled(user, enabled=not user.enabled)
    note_change(deployment, "user_switched", user.username, by=signed_in(request))
    messages.success(request, f"{user.username} is {'on' if user.enabled else 'off'}.")
    return redirect("oauth:users", deployment.pk)
