"""The registration endpoint, RFC 7591. Not there unless an administrator opened it."""

import json

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from credentials.models import AuthenticationServer
from smart.http import browser_endpoint, oauth_error
from smart.registration import RegistrationRefused
from smart.registration import register as register_application
from smart.throttle import Throttle, client_address

_registrations = Throttle("register", limit=20, seconds=3600)
_MAX_LENGTH = 50_000


@browser_endpoint("POST", anybody=True)
def register(request: HttpRequest, server: AuthenticationServer) -> HttpResponse:
    """At most twenty an hour from one address."""
    if not server.registration_open:
        raise Http404("Registration is not open")
    subject = (server.deployment_id, client_address(request))
    if wait := _registrations.retry_after(*subject):
        refused = oauth_error("temporarily_unavailable", "Too many registrations. Wait.", 429)
        refused["Retry-After"] = str(wait)
        return refused
    _registrations.failed(*subject)
    try:
        asked = json.loads(request.body[:_MAX_LENGTH])
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        return oauth_error("invalid_client_metadata", "Send a JSON object.")
    try:
        answer = JsonResponse(register_application(server, asked), status=201)
    except RegistrationRefused as problem:
        return oauth_error(problem.error, problem.description)
    answer["Cache-Control"] = "no-store"
    return answer
