"""Authorize: paste a credential, choose between the held ones, forget them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from deployments.models import Deployment
from deployments.views.loaded import deployment_view
from explorer.held import NotACredential, hold_credential, list_applications, list_held, use_held
from explorer.held import forget as forget_held
from explorer.tour import AUTHORIZED, tick_steps
from explorer.views.fragments import wants_part
from portal.access import signed_in
from portal.models import Role


@sensitive_post_parameters("credential")
@deployment_view(Role.READ)
@never_cache
@require_POST
def authorize(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    """Hold the pasted credential for this browser session."""
    try:
        held = hold_credential(request.session, deployment, request.POST.get("credential", ""))
    except NotACredential as error:
        return _back(request, deployment, problem=str(error))
    tick_steps(deployment, signed_in(request), [AUTHORIZED])
    return _back(request, deployment, told=f"Authorized with {held.label}.")


@deployment_view(Role.READ)
@require_POST
def use(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    """Make another held credential the one in use, or none."""
    use_held(request.session, deployment, request.POST.get("held", ""))
    return _back(request, deployment)


@deployment_view(Role.READ)
@require_POST
def forget(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    """Logout: forget one held credential, or all of this deployment."""
    forget_held(request.session, deployment, request.POST.get("held", ""))
    return _back(request, deployment, told="Logged out: the credential is forgotten.")


def _back(request: HttpRequest, deployment: Deployment, told: str = "", problem: str = "") -> HttpResponse:
    """The panel alone for htmx, else back to the page it was on."""
    if wants_part(request):
        context = {
            "deployment": deployment,
            "held": list_held(request.session, deployment),
            "applications": list_applications(deployment),
            "problem": problem,
            "told": told or problem,
            "opened": bool(problem),
            "next": request.POST.get("next", ""),
        }
        return render(request, "explorer/authorize.html", context)
    if told:
        messages.success(request, told)
    if problem:
        messages.error(request, problem)
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        target = reverse("explorer:index", args=[deployment.pk])
    return redirect(target)
