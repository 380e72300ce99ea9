"""What holds for every page: what it cannot be asked for, and who may keep its answer."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from portal.views.errors import bad_request, length_required


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
