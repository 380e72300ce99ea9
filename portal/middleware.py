"""What no page can be asked for."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from portal.views.errors import bad_request


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
