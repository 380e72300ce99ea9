"""What one does to a deployment: each is a POST that ends in a page with a message."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from deployments import jobs, services
from deployments.forms import AccessSettingsForm, LimitsForm, ServiceLevelForm, SizeForm
from deployments.models import Deployment
from deployments.selectors import get_job
from deployments.upstream_forms import UpstreamForm
from deployments.views.loaded import deployment_view
from deployments.views.outcome import do
from deployments.views.pages import settings_context
from portal.access import signed_in
from portal.forms import TypedNameForm
from portal.models import Role, User
from portal.views.shell import next_page


def _do(request: HttpRequest, action: Callable[[], None], done: str, after: str) -> HttpResponse:
    """Goes to the page it was asked from."""
    return do(request, action, done, next_page(request, default=after))


def _overview(deployment: Deployment) -> str:
    return f"/deployments/{deployment.pk}/"


def _settings(deployment: Deployment) -> str:
    return f"/deployments/{deployment.pk}/settings/"


@require_POST
@deployment_view(Role.WRITE)
def start(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    by: User = signed_in(request)
    done = f"{deployment.name} is starting."
    return _do(request, lambda: services.start_deployment(deployment, by=by), done, _overview(deployment))


@require_POST
@deployment_view(Role.WRITE)
def stop(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    by = signed_in(request)
    done = f"{deployment.name} is stopping. Its data is kept."
    return _do(request, lambda: services.stop_deployment(deployment, by=by), done, _overview(deployment))


@require_POST
@deployment_view(Role.WRITE)
def retry(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    by = signed_in(request)
    done = f"Trying again to make {deployment.name}."
    return _do(request, lambda: services.retry_deployment(deployment, by=by), done, _overview(deployment))


@require_POST
@deployment_view(Role.ADMIN)
def change_service_level(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    form = ServiceLevelForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose Live, Test or Development.")
        return redirect(_settings(deployment))
    level = form.cleaned_data["service_level"]
    by = signed_in(request)
    return _do(
        request,
        lambda: services.change_service_level(deployment, level, by=by),
        f"{deployment.name} is marked as {dict(form.fields['service_level'].choices)[level]}.",  # type: ignore[attr-defined]
        _settings(deployment),
    )


@require_POST
@deployment_view(Role.ADMIN)
def change_size(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    form = SizeForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the sizes.")
        return redirect(_settings(deployment))
    by = signed_in(request)
    size = form.cleaned_data["size"]
    done = "The size is being changed."
    return _do(request, lambda: services.change_size(deployment, size, by=by), done, _settings(deployment))


@require_POST
@deployment_view(Role.ADMIN)
def change_access(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    form = AccessSettingsForm(request.POST)
    if not form.is_valid():
        context = settings_context(request, deployment, access_form=form)
        return render(request, "deployments/settings.html", context, status=400)
    by, given = signed_in(request), form.cleaned_data
    return _do(
        request,
        lambda: services.change_access_settings(
            deployment, given["allowed_origins"], given["maintenance_message"], by=by
        ),
        "The settings are saved.",
        _settings(deployment),
    )


@require_POST
@deployment_view(Role.ADMIN)
def change_limits(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    form, by = LimitsForm(request.POST), signed_in(request)
    if form.is_valid():
        try:
            services.change_limits(deployment, **form.cleaned_data, by=by)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, "The limits are saved. They hold within a second.")
            return redirect(_settings(deployment))
    context = settings_context(request, deployment, limits_form=form)
    return render(request, "deployments/settings.html", context, status=400)


@sensitive_post_parameters(
    "upstream_credential", "upstream_user", "upstream_password", "upstream_client_secret"
)
@require_POST
@deployment_view(Role.ADMIN)
def change_upstream_credential(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    """Another credential for the connected server, which is asked with it at once."""
    if not deployment.upstream:
        messages.error(request, "This deployment connects no server.")
        return redirect(_settings(deployment))
    form, by = UpstreamForm(request.POST, base=deployment.upstream), signed_in(request)
    if not form.is_valid():
        context = settings_context(request, deployment, upstream_form=form)
        return render(request, "deployments/settings.html", context, status=400)
    health = services.change_upstream_credential(deployment, form.sealed, by=by)
    if health.problem:
        messages.warning(
            request, f"The credential is saved, but the server does not answer: {health.problem}"
        )
    else:
        messages.success(request, "The credential is saved, and the server answers with it.")
    return redirect(_settings(deployment))


@require_POST
@deployment_view(Role.ADMIN)
def delete(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    """Needs the typed name; a wrong one shows the settings page again with the error at its place."""
    form = TypedNameForm(request.POST, expected=deployment.name)
    if not form.is_valid():
        context = settings_context(request, deployment, delete_form=form, delete_open=True)
        return render(request, "deployments/settings.html", context, status=400)
    by = signed_in(request)
    typed = form.cleaned_data["name"]
    return _do(
        request,
        lambda: services.delete_deployment(deployment, typed, by=by),
        f"{deployment.name} is being deleted.",
        "/deployments/",
    )


@require_POST
@deployment_view(Role.WRITE)
def cancel_job(request: HttpRequest, deployment: Deployment, job_id: int) -> HttpResponse:
    job = get_job(deployment, job_id)
    return _do(request, lambda: jobs.cancel(job), "The work ends at its next step.", _overview(deployment))
