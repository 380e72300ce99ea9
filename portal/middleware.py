"""What holds for every page: what it cannot be asked for, and who may keep its answer."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url

from portal.form_pages import form_page_of, is_landing
from portal.views.errors import bad_request, length_required

NOT_SENT = "Nothing was changed: the address that you came to only takes what a form sends."
SIGNED_OUT = "You are signed out, so what you sent was not carried out. Sign in, then send it again."


def refuse_nul(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """A NUL in the query of a page is answered 400: forms refuse it themselves, PostgreSQL fails on it where a page searches by it.
    FHIR endpoints and the Management API say which parameter has it.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        told_apart = request.path.startswith(("/fhir/", "/api/"))
        if not told_apart and b"\0" in unquote_to_bytes(request.META.get("QUERY_STRING", "")):
            return bad_request(request, BadRequest("NUL in the query"))
        return get_response(request)

    return answer


def require_length(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """A body in pieces, of a length that nobody names, would be taken for none: Django reads as far as Content-Length says.
    FHIR endpoints read such bodies."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        unmeasured = request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH")
        if unmeasured and not request.path.startswith("/fhir/"):
            return length_required(request)
        return get_response(request)

    return answer


def keep_from_others(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """What a page shows is one person's: no proxy may keep it, and the browser asks before it shows it again. Views that say
    more themselves are left alone."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    return answer


def lead_to_form(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Whoever lands on an address that takes only what a form sends comes to the page with the form; whoever sends a form while
    signed out is told that it was not carried out."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and request.resolver_match and is_landing(request):
            if request.user.is_authenticated and not request.path.startswith("/auth/"):
                messages.info(request, NOT_SENT)
            return redirect(form_page_of(request.resolver_match, request.path))
        if request.method == "POST" and _leads_to_sign_in(response) and "HX-Request" not in request.headers:
            messages.warning(request, SIGNED_OUT)
        return response

    return answer


def _leads_to_sign_in(response: HttpResponseBase) -> bool:
    return response.headers.get("Location", "").startswith(f"{resolve_url(settings.LOGIN_URL)}?")
