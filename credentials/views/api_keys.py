"""The Credentials tab: the API keys of a deployment, to see for members, to change for administrators."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from credentials import services
from credentials.forms import ApiKeyForm, EndForm, LimitForm, NarrowForm, NetworksForm, RotateForm
from credentials.models import ApiKey
from credentials.selectors import find_api_keys, get_api_key
from credentials.used_rights import rights_use_of
from deployments.models import Deployment
from deployments.selectors import get_deployment_for
from portal.access import signed_in
from portal.models import Role
from portal.shown_once import keep_for_one_page, take_kept

KEYS_A_PAGE = 50


@login_required
@never_cache
@require_safe
def index(request: HttpRequest, deployment_id: str) -> HttpResponse:
    deployment = get_deployment_for(request.user, deployment_id, Role.READ)
    return _page(request, deployment, form=ApiKeyForm(), secret=take_kept(request, deployment_id))


def _page(request: HttpRequest, deployment: Deployment, status: int = 200, **more: Any) -> HttpResponse:
    asked = request.GET.get("q", "").strip()
    context = {
        "deployment": deployment,
        "may_admin": getattr(deployment, "role", 0) >= Role.ADMIN,
        "page": Paginator(find_api_keys(deployment, asked), KEYS_A_PAGE).get_page(request.GET.get("page")),
        "asked": asked,
        **more,
    }
    return render(request, "credentials/index.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, deployment_id: str) -> HttpResponse:
    """The form as a page of its own; POST makes the key and shows its text once."""
    deployment = get_deployment_for(request.user, deployment_id, Role.ADMIN)
    form = ApiKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        api_key, text = services.create_api_key(
            deployment,
            name=given["name"],
            holder=given["holder"],
            access=given["access"],
            expires=form.expires,
            requests_per_second=given["requests_per_second"],
            networks=given["networks"],
            by=signed_in(request),
        )
        keep_for_one_page(request, deployment.pk, api_key.name, text)
        return redirect("credentials:index", deployment.pk)
    status = 422 if form.is_bound else 200
    return render(
        request, "credentials/key_new.html", {"deployment": deployment, "form": form}, status=status
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def detail(request: HttpRequest, deployment_id: str, public_id: str) -> HttpResponse:
    """One key: its rights, secrets and use; POST narrows its rights."""
    deployment = get_deployment_for(request.user, deployment_id, Role.ADMIN)
    api_key = get_api_key(deployment, public_id)
    if request.method != "POST":
        return _key_page(request, deployment, api_key)
    form = NarrowForm(request.POST)
    if form.is_valid():
        try:
            lost = services.narrow_api_key(api_key, access=form.cleaned_data["access"], by=signed_in(request))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            if lost:
                messages.success(request, f"{api_key.name} has fewer rights now.")
            else:
                messages.info(request, f"{api_key.name} has these rights already: nothing was changed.")
            return redirect("credentials:key", deployment.pk, api_key.public_id)
    return _key_page(request, deployment, api_key, form=form)


@login_required
@require_POST
def limit(request: HttpRequest, deployment_id: str, public_id: str) -> HttpResponse:
    """How many requests a second the key may make."""
    form = LimitForm(request.POST)

    def save(api_key: ApiKey) -> None:
        services.limit_api_key(api_key, form.cleaned_data["requests_per_second"], by=signed_in(request))
        messages.success(request, "Saved. The limit holds within a second.")

    return _saved(request, deployment_id, public_id, save, limit_form=form)


@login_required
@require_POST
def end(request: HttpRequest, deployment_id: str, public_id: str) -> HttpResponse:
    """Let the key end sooner than it would."""
    deployment = get_deployment_for(request.user, deployment_id, Role.ADMIN)
    api_key = get_api_key(deployment, public_id)
    form = EndForm(request.POST, expires=api_key.expires)
    if form.is_valid():
        try:
            services.narrow_api_key(api_key, expires=form.expires, by=signed_in(request))
        except ValidationError as error:
            form.add_error("days", error)
        else:
            messages.success(request, f"{api_key.name} ends {form.words.lower()}.")
            return redirect("credentials:key", deployment.pk, public_id)
    return _key_page(request, deployment, api_key, end_form=form)


@login_required
@require_POST
def networks(request: HttpRequest, deployment_id: str, public_id: str) -> HttpResponse:
    """From where the key may be used."""
    form = NetworksForm(request.POST)

    def save(api_key: ApiKey) -> None:
        services.restrict_api_key(api_key, form.cleaned_data["networks"], by=signed_in(request))
        messages.success(request, "Saved. The networks hold within a second.")

    return _saved(request, deployment_id, public_id, save, networks_form=form)


def _saved(
    request: HttpRequest, deployment_id: str, public_id: str, save: Callable[[ApiKey], None], **sent: Form
) -> HttpResponse:
    """Save what was sent in the one form of `sent`, or show it with its faults."""
    deployment = get_deployment_for(request.user, deployment_id, Role.ADMIN)
    api_key = get_api_key(deployment, public_id)
    if not all(form.is_valid() for form in sent.values()):
        return _key_page(request, deployment, api_key, **sent)
    save(api_key)
    return redirect("credentials:key", deployment.pk, public_id)


@login_required
@require_POST
def narrow_to_use(request: HttpRequest, deployment_id: str, public_id: str) -> HttpResponse:
    """Takes away every right that the log never saw used; the rights agreed to are those that the page showed."""
    deployment = get_deployment_for(request.user, deployment_id, Role.ADMIN)
    api_key = get_api_key(deployment, public_id)
    narrower = rights_use_of(api_key).narrower
    if narrower is None or str(narrower) != request.POST.get("shown"):
        messages.error(request, "The key was used for something else meanwhile. Look at its rights again.")
        return redirect("credentials:key", deployment.pk, public_id)
    services.narrow_api_key(api_key, access=narrower, by=signed_in(request))
    messages.success(request, f"{api_key.name} may do only what it did: {narrower}.")
    return redirect("credentials:key", deployment.pk, public_id)


def _key_page(request: HttpRequest, deployment: Deployment, api_key: ApiKey, **bound: Form) -> HttpResponse:
    """`bound`: the form that was sent, in place of the one that shows what holds now."""
    access = api_key.access
    lines = "\n".join(f"{name}.{letters}" for name, letters in sorted(access.types.items()))
    forms = {
        "form": NarrowForm(initial={"access": access.kind.value, "permissions": lines}),
        "end_form": EndForm(expires=api_key.expires),
        "limit_form": LimitForm(initial={"requests_per_second": api_key.requests_per_second}),
        "networks_form": NetworksForm(initial={"networks": "\n".join(api_key.networks)}),
        "rotate_form": RotateForm(),
    } | bound
    status = 422 if any(form.is_bound for form in bound.values()) else 200
    context = {"deployment": deployment, "api_key": api_key, "use": rights_use_of(api_key), **forms}
    return render(request, "credentials/key.html", context, status=status)


@login_required
@require_POST
def rotate(request: HttpRequest, deployment_id: str, public_id: str) -> HttpResponse:
    deployment = get_deployment_for(request.user, deployment_id, Role.ADMIN)
    api_key = get_api_key(deployment, public_id)
    form = RotateForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose how long the old secret shall work.")
        return redirect("credentials:key", deployment.pk, public_id)
    try:
        text = services.rotate_api_key(api_key, overlap=form.cleaned_data["overlap"], by=signed_in(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("credentials:key", deployment.pk, public_id)
    keep_for_one_page(request, deployment.pk, api_key.name, text)
    return redirect("credentials:index", deployment.pk)
