"""The authorization endpoint: checks the request before anything else, and never redirects to an unchecked address.

RFC 6749, 3.1; RFC 9700, 2.1; SMART App Launch, "Obtain authorization code".
"""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from oauthlib.common import add_params_to_uri
from oauthlib.oauth2 import FatalClientError, OAuth2Error
from oauthlib.oauth2.rfc6749 import errors

from credentials.models import AuthenticationServer, OAuthApplication
from smart.addresses import is_own_base, issuer
from smart.http import AUTHORIZE_PARAMETERS, keep, server_view
from smart.interactions import begin, find_launch
from smart.models import Launch
from smart.protocol.server import IssuerServer
from smart.redirects import problem_with_address
from smart.scopes import Special, read_scopes
from smart.sessions import signed_in_user

_MAX_LENGTH = 16_000


class AppRedirect(HttpResponseRedirect):
    """To an address that an application registered; mobile applications have schemes of their own."""

    def __init__(self, address: str) -> None:
        self.allowed_schemes = [address.partition(":")[0].lower()]
        super().__init__(address)
        self["Cache-Control"] = "no-store"
        self["Referrer-Policy"] = "no-referrer"


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@server_view
def authorize(request: HttpRequest, server: AuthenticationServer) -> HttpResponse:
    """GET, or POST (`authorize-post`), which is turned into GET: a foreign page's POST comes without our cookies."""
    parameters = request.POST if request.method == "POST" else request.GET
    query = urlencode(keep(parameters, AUTHORIZE_PARAMETERS))
    if len(query) > _MAX_LENGTH:
        return refuse(request, "The request is too long.")
    if request.method == "POST":
        return redirect(f"{request.path}?{query}")
    try:
        info = check(server, request.path, query)
        launch = _check_launch(request, info)
    except FatalClientError as error:
        return refuse(request, describe_fatal(error))
    except OAuth2Error as error:
        return send_error(server, error)
    interaction = begin(request, server.deployment_id, query, launch)
    return redirect("smart:interaction", server.deployment_id, interaction.name)


def check(server: AuthenticationServer, path: str, query: str) -> dict[str, Any]:
    """oauthlib's findings. Raises FatalClientError when there is no address to send an error to, else OAuth2Error."""
    _, info = IssuerServer(server).validate_authorization_request(f"{path}?{query}")
    return dict(info)


def _check_launch(request: HttpRequest, info: dict[str, Any]) -> Launch | None:
    """What SMART adds: the audience, the launch, and what can be done without a person. Raises OAuth2Error."""
    asked, application = info["request"], info["request"].client
    parameters = QueryDict(asked.uri_query)
    if "request" in parameters or "request_uri" in parameters:
        raise _error("request_not_supported", "Request objects are not supported.", asked)
    _check_audience(request, parameters, application, asked)
    scopes = read_scopes(" ".join(asked.scopes))
    if "none" in parameters.get("prompt", "").split():
        user = signed_in_user(request, application.server.deployment_id)
        raise _error("consent_required" if user else "login_required", "A person must be asked.", asked)
    if not parameters.get("launch"):
        return None
    launch = find_launch(parameters["launch"], application)
    if launch is None or Special.LAUNCH not in scopes:
        problem = "launch is unknown or has expired." if launch is None else "launch needs the scope launch."
        raise errors.InvalidRequestError(problem, request=asked)
    return launch


def _check_audience(
    request: HttpRequest, parameters: QueryDict, application: OAuthApplication, asked: Any
) -> None:
    """`aud` (SMART) or `resource` (RFC 8707) must be this deployment's FHIR base, else a token could go astray."""
    audiences = parameters.getlist("aud") + parameters.getlist("resource")
    deployment_id = application.server.deployment_id
    if any(not is_own_base(audience, deployment_id, request) for audience in audiences):
        raise errors.InvalidRequestError("aud is not the FHIR base of this server.", request=asked)
    if not audiences and read_scopes(" ".join(asked.scopes)).resources:
        raise errors.InvalidRequestError("aud is missing: send the FHIR base URL.", request=asked)


def _error(code: str, description: str, asked: Any) -> OAuth2Error:
    error = OAuth2Error(description, request=asked)
    error.error = code
    return error


def send_error(server: AuthenticationServer, error: OAuth2Error) -> HttpResponse:
    """To the checked redirect address."""
    fields = [*error.twotuples, ("iss", issuer(server.deployment_id))]
    return AppRedirect(add_params_to_uri(error.redirect_uri, fields))


def refuse(request: HttpRequest, problem: str) -> HttpResponse:
    """A page here, because nobody knows whether the address to go back to is an attacker's."""
    return render(request, "smart/refused.html", {"problem": problem}, status=400)


def describe_fatal(error: FatalClientError) -> str:
    """In words for the application's developer."""
    if isinstance(error, errors.InvalidClientIdError | errors.MissingClientIdError):
        return "The application is not known here, or it is switched off (client_id)."
    if isinstance(error, errors.MissingRedirectURIError):
        return "The application did not say where to come back to (redirect_uri)."
    address = str(getattr(error, "redirect_uri", "") or "")
    if problem_with_address(address, app_schemes=True):
        return "The address to come back to is not a safe one (redirect_uri)."
    if isinstance(error, errors.MismatchingRedirectURIError | errors.InvalidRedirectURIError):
        return "The address to come back to is not registered exactly like this (redirect_uri)."
    return f"The request is not right: {error.description or error.error}"
