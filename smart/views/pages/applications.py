"""Applications: register, change, rotate their secret, switch off, delete, start from a simulated EHR."""

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from credentials.models import AuthenticationServer, OAuthApplication
from deployments.models import Deployment
from deployments.views.loaded import deployment_view
from fhirspec.catalogue import get_catalogue
from portal.access import signed_in
from portal.models import Role
from portal.shown_once import keep_for_one_page, take_kept
from smart import applications
from smart.addresses import fhir_base
from smart.forms import ApplicationForm, LaunchForm, ScopeBuilderForm, SecretRotationForm, initial_of
from smart.http import allow_form_to
from smart.launch_lessons import LESSONS
from smart.models import Fault, Launch
from smart.records import encounters_of, is_encounter_of, read, search_people
from smart.scope_words import describe_scope
from smart.scopes import InvalidScope, parse_scopes, read_scopes
from smart.servers import integrated_server
from smart.trail import note_change
from smart.views.authorize import AppRedirect


def _get(deployment: Deployment, application_id: int) -> OAuthApplication:
    return get_object_or_404(
        OAuthApplication.objects.select_related("server__deployment"),
        pk=application_id,
        server__deployment=deployment,
    )


def _server(request: HttpRequest, deployment: Deployment) -> AuthenticationServer:
    wanted = request.GET.get("server", "")
    if re.fullmatch("[0-9]{1,18}", wanted):
        return get_object_or_404(AuthenticationServer, pk=int(wanted), deployment=deployment)
    return integrated_server(deployment)


@require_http_methods(["GET", "HEAD", "POST"])
@deployment_view(Role.ADMIN)
def create(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    server = _server(request, deployment)
    posted, builder = _with_built_scope(request)
    form = ApplicationForm(posted, external=not server.is_integrated)
    context = {"deployment": deployment, "server": server, "form": form, "builder": builder, "new": True}
    if request.method != "POST" or "add_scope" in request.POST or not form.is_valid():
        return _form_page(request, form, context)
    try:
        application, secret = applications.create_application(
            server, form.registration, by=signed_in(request)
        )
    except ValidationError as error:
        return _form_page(request, _blamed(form, error), context)
    note_change(deployment, "application_created", application, by=signed_in(request))
    if secret:
        keep_for_one_page(request, deployment.pk, application.name, secret)
    return redirect("oauth:application", deployment.pk, application.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@deployment_view(Role.ADMIN)
def change(request: HttpRequest, deployment: Deployment, application_id: int) -> HttpResponse:
    application = _get(deployment, application_id)
    external = not application.server.is_integrated
    posted, builder = _with_built_scope(request)
    form = ApplicationForm(posted, initial=initial_of(application), external=external)
    context = {
        "deployment": deployment,
        "server": application.server,
        "form": form,
        "builder": builder,
        "application": application,
    }
    if request.method != "POST" or "add_scope" in request.POST or not form.is_valid():
        return _form_page(request, form, context)
    try:
        applications.update_application(application, form.registration)
    except ValidationError as error:
        return _form_page(request, _blamed(form, error), context)
    note_change(deployment, "application_changed", application, by=signed_in(request))
    messages.success(request, "Saved.")
    return redirect("oauth:application", deployment.pk, application.pk)


def _with_built_scope(request: HttpRequest) -> tuple[Any, ScopeBuilderForm]:
    """The posted form and the builder; with “Add scope”, the built scope is appended to the form's text, or the builder says why not."""
    building = "add_scope" in request.POST
    builder = ScopeBuilderForm(request.POST if building else None, prefix="build")
    if not building:
        return request.POST if request.method == "POST" else None, builder
    posted = request.POST.copy()
    try:
        scope = builder.scope
        text = " ".join([*posted.get("scopes", "").split(), scope])
        parse_scopes(text)
        posted["scopes"] = "\n".join(text.split())
    except InvalidScope as refused:
        builder.add_error(None, str(refused))
    return posted, builder


def _form_page(request: HttpRequest, form: ApplicationForm, context: dict[str, Any]) -> HttpResponse:
    building = "add_scope" in request.POST
    shown = str(form["scopes"].value() or "")
    context |= {
        "words": [(str(scope), describe_scope(scope)) for scope in read_scopes(shown)],
        "building": building,
        "resource_types": get_catalogue().resource_types,
    }
    status = 422 if request.method == "POST" and not building else 200
    return render(request, "smart/pages/application_form.html", context, status=status)


def _blamed(form: ApplicationForm, error: ValidationError) -> ApplicationForm:
    """The service's problems at the form's fields."""
    names = {"allowed_scopes": "scopes"}
    for name, problems in error.message_dict.items():
        field = names.get(name, name)
        form.add_error(field if field in form.fields else None, problems)
    return form


@never_cache
@require_safe
@deployment_view(Role.READ)
def detail(request: HttpRequest, deployment: Deployment, application_id: int) -> HttpResponse:
    application = _get(deployment, application_id)
    context = {
        "deployment": deployment,
        "application": application,
        "may_admin": getattr(deployment, "role", 0) >= Role.ADMIN,
        "words": [(str(scope), describe_scope(scope)) for scope in read_scopes(application.allowed_scopes)],
        "secret": take_kept(request, deployment.pk),
        "rotation": SecretRotationForm(),
    }
    return render(request, "smart/pages/application.html", context)


@require_POST
@deployment_view(Role.ADMIN)
def rotate(request: HttpRequest, deployment: Deployment, application_id: int) -> HttpResponse:
    application = _get(deployment, application_id)
    form = SecretRotationForm(request.POST)
    overlap = form.cleaned_data["overlap"] if form.is_valid() else timedelta(0)
    try:
        text = applications.rotate_client_secret(application, overlap=overlap)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        note_change(deployment, "secret_rotated", application, by=signed_in(request))
        keep_for_one_page(request, deployment.pk, application.name, text)
    return redirect("oauth:application", deployment.pk, application.pk)


@require_POST
@deployment_view(Role.ADMIN)
def end_secret(
    request: HttpRequest, deployment: Deployment, application_id: int, secret_id: int
) -> HttpResponse:
    application = _get(deployment, application_id)
    applications.end_client_secret(get_object_or_404(application.secrets, pk=secret_id))
    note_change(deployment, "secret_ended", application, by=signed_in(request))
    messages.success(request, "That secret does not work any more.")
    return redirect("oauth:application", deployment.pk, application.pk)


@require_POST
@deployment_view(Role.ADMIN)
def switch(request: HttpRequest, deployment: Deployment, application_id: int) -> HttpResponse:
    application = _get(deployment, application_id)
    applications.set_application_enabled(application, enabled=not application.enabled)
    note_change(deployment, "application_switched", application, by=signed_in(request))
    word = "on" if application.enabled else "off; its tokens are refused from now on"
    messages.success(request, f"{application.name} is {word}.")
    return redirect("oauth:application", deployment.pk, application.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@deployment_view(Role.ADMIN)
def delete(request: HttpRequest, deployment: Deployment, application_id: int) -> HttpResponse:
    """Asks for the name first."""
    application = _get(deployment, application_id)
    typed = request.POST.get("name", "").strip()
    if request.method == "POST" and typed == application.name:
        note_change(deployment, "application_deleted", application, by=signed_in(request))
        application.delete()
        messages.success(request, f"{application.name} is gone, and all its tokens with it.")
        return redirect("oauth:index", deployment.pk)
    context = {"deployment": deployment, "application": application, "wrong": request.method == "POST"}
    return render(request, "smart/pages/application_delete.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@deployment_view(Role.WRITE)
def launch(request: HttpRequest, deployment: Deployment, application_id: int) -> HttpResponse:
    """The EHR launch simulator: chosen context, and faults to try the application's error paths."""
    application = _get(deployment, application_id)
    words, patient = request.GET.get("name", "")[:100], request.GET.get("patient", "")[:64]
    form = LaunchForm(request.POST if request.method == "POST" else None, initial={"patient": patient})
    whose = patient or request.POST.get("patient", "")[:64]
    encounters = encounters_of(whose, deployment) if whose else []
    form.offer(Fault.choices, [(one.logical_id, f"{one.title} ({one.detail})") for one in encounters])
    if request.method == "POST" and form.is_valid():
        _check_context(form, deployment)
    if request.method == "POST" and form.is_valid() and application.launch_url:
        made = Launch.objects.create(
            application=application, created_by=signed_in(request), **form.cleaned_data
        )
        joint = "&" if "?" in application.launch_url else "?"
        query = urlencode({"iss": fhir_base(deployment.pk), "launch": made.launch})
        return AppRedirect(f"{application.launch_url}{joint}{query}")
    context = {
        "deployment": deployment,
        "application": application,
        "form": form,
        "words": words,
        "patients": search_people(deployment, "Patient", words),
        "lessons": LESSONS.values(),
    }
    status = 422 if request.method == "POST" else 200
    page = render(request, "smart/pages/launch.html", context, status=status)
    return allow_form_to(page, application.launch_url)


def _check_context(form: LaunchForm, deployment: Deployment) -> None:
    """Adds what is wrong with the chosen patient and visit to the form."""
    patient, encounter = form.cleaned_data["patient"], form.cleaned_data["encounter"]
    if patient and not deployment.upstream and read(deployment, f"Patient/{patient}") is None:
        form.add_error("patient", "There is no patient with this id. Choose one above.")
    elif encounter and not patient:
        form.add_error("patient", "Choose whose visit it is.")
    elif encounter and not is_encounter_of(encounter, patient, deployment):
        form.add_error("encounter", "This patient has no such visit. Leave it empty, or choose one below.")
