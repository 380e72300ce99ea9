"""What a person sees between an application's request and its answer: sign-in, patient, encounter, consent."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from oauthlib.oauth2 import FatalClientError, OAuth2Error

from credentials.models import AuthenticationServer, OAuthApplication, ServerUser
from smart.addresses import origin_of
from smart.devices import answer, get_waiting
from smart.http import allow_form_to, load_server
from smart.interactions import Interaction, end, find, needs_patient, next_page, save
from smart.models import Authorization, Fault
from smart.protocol.server import IssuerServer
from smart.records import Choice, encounters_of, patients_for, read_choice
from smart.scope_words import describe_scope
from smart.scopes import ResourceScope, Scopes, Special, read_scopes
from smart.servers import find_application
from smart.sessions import sign_in, signed_in_at, signed_in_user
from smart.users import authenticate
from smart.views.authorize import AppRedirect, check, describe_fatal, refuse, send_error


class Step:
    """One request to a page of an interaction: all that the page needs."""

    def __init__(self, request: HttpRequest, server: AuthenticationServer, interaction: Interaction) -> None:
        self.request, self.server, self.interaction = request, server, interaction
        self.user = signed_in_user(request, server.deployment_id)
        application = find_application(server, interaction.parameter("client_id"))
        assert application is not None  # noqa: S101  checked before the interaction began
        self.application: OAuthApplication = application

    @property
    def next(self) -> str:
        return next_page(self.request, self.interaction, self.user, self.application)

    @property
    def scopes(self) -> Scopes:
        return self.interaction.asked(self.application)

    def go_on(self) -> HttpResponse:
        return redirect(f"smart:{self.next}", self.server.deployment_id, self.interaction.name)

    def show(self, template: str, status: int = 200, **context: Any) -> HttpResponse:
        context |= {
            "application": self.application,
            "deployment": self.server.deployment,
            "interaction": self.interaction,
            "person": self.user,
        }
        return render(self.request, f"smart/{template}.html", context, status=status)


def step_view(page: str) -> Callable[[Callable[[Step], HttpResponse]], Callable[..., HttpResponse]]:
    """Load the interaction; a person who is not at this page yet is sent to the right one."""

    def decorate(view: Callable[[Step], HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        @never_cache
        @require_http_methods(["GET", "POST"])
        def loaded(request: HttpRequest, deployment_id: str, name: str) -> HttpResponse:
            server = load_server(deployment_id)
            interaction = find(request, deployment_id, name)
            if interaction is None:
                return refuse(
                    request, "This took too long, or was finished before. Start again from the application."
                )
            step = Step(request, server, interaction)
            if page and step.next != page:
                return step.go_on()
            return view(step)

        return loaded

    return decorate


@step_view("")
def interaction(step: Step) -> HttpResponse:
    """Wherever the person is."""
    return step.go_on()


@step_view("sign-in")
def sign_in_page(step: Step) -> HttpResponse:
    request = step.request
    username = request.POST.get("username", step.interaction.parameter("login_hint"))[:150]
    if request.method == "GET":
        return step.show("sign_in", username=username)
    found = authenticate(step.server.deployment, username, request.POST.get("password", ""), request)
    if not isinstance(found, ServerUser):
        return step.show("sign_in", 429 if found.wait else 403, username=username, problem=found.message)
    sign_in(request, found)
    step.interaction.after = 0
    save(request, step.interaction)
    return redirect("smart:interaction", step.server.deployment_id, step.interaction.name)


@step_view("patient")
def patient_page(step: Step) -> HttpResponse:
    """Their own record needs no choice; others choose among the patients they may see."""
    assert step.user is not None  # noqa: S101  the page before this one
    deployment = step.server.deployment
    words = step.request.GET.get("name", "")[:100]
    choices = patients_for(step.user, deployment, words)
    if step.request.method == "POST":
        chosen = read_choice(step.request.POST.get("patient", ""), choices, step.user, deployment)
        if chosen is not None:
            return _chosen_patient(step, chosen)
    if choices.only is not None and step.request.method == "GET":
        return _chosen_patient(step, choices.only)
    return step.show("patient", choices=choices, words=words, problem=step.request.method == "POST")


def _chosen_patient(step: Step, choice: Choice) -> HttpResponse:
    step.interaction.patient, step.interaction.patient_name = choice.logical_id, choice.title
    save(step.request, step.interaction)
    return step.go_on()


@step_view("encounter")
def encounter_page(step: Step) -> HttpResponse:
    """A visit of the chosen patient; it may be left open."""
    choices = encounters_of(step.interaction.patient, step.server.deployment)
    if step.request.method == "GET" and choices:
        return step.show("encounter", choices=choices)
    chosen = step.request.POST.get("encounter", "")
    step.interaction.encounter = chosen if any(one.logical_id == chosen for one in choices) else ""
    step.interaction.encounter_skipped = not step.interaction.encounter
    save(step.request, step.interaction)
    return step.go_on()


@step_view("consent")
def consent_page(step: Step) -> HttpResponse:
    """Names the application and each thing it wants; what is unticked is not granted."""
    if _is_launched_for_another(step):
        return _refuse_launch(step)
    if step.request.method == "GET":
        return _show_consent(step)
    if step.interaction.device:
        return _answer_device(step)
    try:
        checked = check(step.server, step.request.path, step.interaction.query)
        granted = _granted(step)
        if step.request.POST.get("decision") != "allow" or not granted:
            raise _denied(checked["request"])
        address = _finish(step, granted)
    except FatalClientError as error:
        return refuse(step.request, describe_fatal(error))
    except OAuth2Error as error:
        end(step.request, step.interaction)
        return send_error(step.server, error)
    return AppRedirect(address)


def _answer_device(step: Step) -> HttpResponse:
    """There is nowhere to go back to: the device asks until it has its answer."""
    waiting = get_waiting(step.server, step.interaction.device)
    granted = _granted(step) if step.request.POST.get("decision") == "allow" else []
    end(step.request, step.interaction)
    authorization = _authorization(step, granted) if granted else None
    if authorization is not None:
        authorization.application, authorization.scopes = step.application, " ".join(granted)
    in_time = waiting is not None and answer(waiting, authorization)
    return step.show("device_done", allowed=bool(granted) and in_time, late=not in_time)


def _is_launched_for_another(step: Step) -> bool:
    """Whether an EHR launch chose a patient whose record the person who signed in may not open."""
    patient = step.interaction.patient
    if not patient or not step.interaction.parameter("launch"):
        return False
    assert step.user is not None  # noqa: S101  the page before this one
    deployment = step.server.deployment
    choices = patients_for(step.user, deployment, patient)
    choice = read_choice(patient, choices, step.user, deployment)
    if choice is not None:
        step.interaction.patient_name = choice.title
    return choice is None


def _refuse_launch(step: Step) -> HttpResponse:
    try:
        asked = check(step.server, step.request.path, step.interaction.query)["request"]
    except FatalClientError as error:
        return refuse(step.request, describe_fatal(error))
    except OAuth2Error as error:
        return send_error(step.server, error)
    finally:
        end(step.request, step.interaction)
    return send_error(
        step.server, _denied(asked, "The person may not open the record of the launched patient.")
    )


def _denied(asked: Any, because: str = "The person did not allow it.") -> OAuth2Error:
    error = OAuth2Error(because, request=asked)
    error.error = "access_denied"
    return error


def _show_consent(step: Step) -> HttpResponse:
    """The browser may only follow the form's redirect to this application (Content-Security-Policy: form-action)."""
    lines = [{"scope": str(scope), "words": describe_scope(scope)} for scope in step.scopes]
    needs = needs_patient(step.scopes)
    origin = origin_of(step.interaction.parameter("redirect_uri"))

    shown = step.show(
        "consent", lines=lines, needs_patient=needs, origin=origin, asked=[line["scope"] for line in lines]
    )
    if step.interaction.device:
        return shown
    return allow_form_to(shown, step.interaction.parameter("redirect_uri"))


def _granted(step: Step) -> list[str]:
    """The ticked scopes among those asked for. `launch` scopes only name context and are not asked about."""
    ticked = set(step.request.POST.getlist("scope"))
    granted = [scope for scope in step.scopes if str(scope) in ticked or scope in (Special.LAUNCH,)]
    if step.interaction.fault == Fault.DENIED_SCOPE:
        first = next((one for one in granted if isinstance(one, ResourceScope)), None)
        granted = [one for one in granted if one is not first]
    return [str(scope) for scope in granted] if ticked else []


def _authorization(step: Step, granted: list[str]) -> Authorization:
    """What the person grants, not saved yet and without its application and scopes."""
    scopes = read_scopes(" ".join(granted))
    context = needs_patient(scopes) or Special.LAUNCH in scopes
    return Authorization(
        user=step.user,
        patient=step.interaction.patient if context else "",
        encounter=step.interaction.encounter if context or Special.LAUNCH_ENCOUNTER in scopes else "",
        fault=step.interaction.fault,
        signed_in_at=signed_in_at(step.request, step.server.deployment_id),
    )


def _finish(step: Step, granted: list[str]) -> str:
    """The address with the code. Raises OAuth2Error when the request is not right any more."""
    headers, _, _ = IssuerServer(step.server).create_authorization_response(
        f"{step.request.path}?{step.interaction.query}",
        scopes=granted,
        credentials={"granted": _authorization(step, granted)},
    )
    end(step.request, step.interaction)
    address: str = headers["Location"]
    if step.interaction.fault == Fault.BAD_STATE:
        address = address.replace("state=", "state=changed-", 1)
    return address
