"""“Try it”: runs an application's flow in the browser and ends with the decoded tokens."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from credentials.models import OAuthApplication
from deployments.models import Deployment
from deployments.views.loaded import deployment_view
from portal.models import Role
from smart import trial


@require_POST
@never_cache
@deployment_view(Role.WRITE)
def start(request: HttpRequest, deployment: Deployment, application_id: int) -> HttpResponse:
    """Asks for the scopes that were chosen, else for all that the application may have; `launch` needs an EHR: left out."""
    application = get_object_or_404(
        OAuthApplication.objects.select_related("server__deployment"),
        pk=application_id,
        server__deployment=deployment,
        server__kind="integrated",
    )
    if "hold" in request.POST:
        trial.ask_to_hold(request)
    allowed = [one for one in application.allowed_scopes.split() if one != "launch"]
    chosen = request.POST.getlist("scope")
    scope = " ".join([one for one in allowed if one in chosen] or allowed)
    if not application.is_backend:
        return redirect(trial.begin(request, application, scope))
    try:
        return _show(request, deployment, application, trial.run_backend(application, scope))
    except trial.TrialFailed as failed:
        return _failed(request, deployment, str(failed))


@require_safe
@never_cache
@deployment_view(Role.WRITE)
def callback(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    try:
        application, tokens = trial.finish(request, deployment.pk)
    except trial.TrialFailed as failed:
        return _failed(request, deployment, str(failed))
    return _show(request, deployment, application, tokens)


def _show(
    request: HttpRequest, deployment: Deployment, application: OAuthApplication, tokens: dict[str, Any]
) -> HttpResponse:
    if address := trial.hand_over(request, deployment, tokens["access_token"]):
        return redirect(address)
    context = {
        "deployment": deployment,
        "application": application,
        "tokens": tokens,
        "access_token": trial.decoded(tokens["access_token"]),
        "id_token": trial.decoded(tokens.get("id_token", "")),
    }
    return render(request, "smart/pages/trial.html", context)


def _failed(request: HttpRequest, deployment: Deployment, problem: str) -> HttpResponse:
    context = {"deployment": deployment, "problem": problem}
    return render(request, "smart/pages/trial.html", context, status=400)
