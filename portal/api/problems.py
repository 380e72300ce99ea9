"""Errors as problem details (RFC 9457): `application/problem+json`.

`errors` names each fault and its place: `pointer` into the body ("#/scopes/0") or `parameter` of the query.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ObjectDoesNotExist, RequestDataTooBig
from django.core.exceptions import ValidationError as ServiceRefusal
from django.http import HttpRequest, JsonResponse
from rest_framework.exceptions import NotAuthenticated, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from portal.access import MfaRequired
from portal.services.refusals import Refused
from portal.subscriptions import SubscriptionRefused

MEDIA_TYPE = "application/problem+json"
UNSIGNED = "Send a token, as “Authorization: Bearer fsm_…”. Tokens are made at Account, Tokens."
SET_UP = "Set it up in a browser, at Account, Two-step sign-in; this token opens the tenant then."
NOTHING_THERE = "There is nothing with this id, or it is not yours to see."
TOO_LARGE = "The body is larger than this installation takes."


class InvalidQuery(ValidationError):
    """Its fields are parameters of the query, or headers."""


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. A refused change is 409; None lets the server answer 500."""
    if isinstance(error, ServiceRefusal):
        if not hasattr(error, "error_dict") or set(error.message_dict) == {NON_FIELD_ERRORS}:
            return _problem(HTTPStatus.CONFLICT, " ".join(error.messages), {})
        error = ValidationError(error.message_dict)
    if isinstance(error, (Refused, SubscriptionRefused)):
        return _problem(HTTPStatus.CONFLICT, str(error), {})
    if isinstance(error, RequestDataTooBig):
        return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE, {})
    response = exception_handler(error, context)
    if response is None:
        return None
    answer = _problem(HTTPStatus(response.status_code), _detail(response, error), _errors(error))
    for name, value in response.headers.items():
        if name.lower() != "content-type":
            answer.headers[name] = value
    return answer


def _errors(error: Exception) -> dict[str, Any]:
    if not isinstance(error, ValidationError):
        return {}
    in_query = isinstance(error, InvalidQuery)
    return {"errors": [_fault(place, words, in_query) for place, words in _faults(error.detail)]}


def _fault(place: tuple[str, ...], words: str, in_query: bool) -> dict[str, str]:
    if in_query:
        return {"parameter": place[0], "detail": words}
    escaped = (part.replace("~", "~0").replace("/", "~1") for part in place)
    return {"pointer": "#" + "".join(f"/{part}" for part in escaped), "detail": words}


def _faults(detail: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every leaf of DRF's nested detail, with where it is (RFC 6901)."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _faults(inner, place if name == "non_field_errors" else (*place, str(name)))
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            nested = isinstance(inner, (dict, list))
            yield from _faults(inner, (*place, str(number)) if nested else place)
    else:
        yield place, str(detail)


def _detail(response: Response, error: Exception) -> str:
    """What the error says; Django's 404 and 403 lose their words in DRF's handler."""
    if isinstance(error, ValidationError):
        return "Some fields are not valid."
    if isinstance(error, NotAuthenticated):
        return UNSIGNED
    if isinstance(error.__context__, ObjectDoesNotExist):
        return NOTHING_THERE  # get_object_or_404 names a class of ours
    if isinstance(error, MfaRequired):
        return f"{error} {SET_UP}"
    data = response.data
    told = data.get("detail", "") if isinstance(data, dict) else ""
    return str(error) if response.status_code == HTTPStatus.FORBIDDEN and str(error) else str(told)


def _problem(status: HTTPStatus, detail: str, more: dict[str, Any]) -> Response:
    return Response({**_told(status, detail), **more}, status=status, content_type=MEDIA_TYPE)


def _told(status: HTTPStatus, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}


def is_call(request: HttpRequest) -> bool:
    """Whether the Management API was asked, which never answers with a page."""
    return request.path_info.startswith("/api/v1/")


def problem_outside(status: int, detail: str) -> JsonResponse:
    """For what fails before or after a view of the API: a host that is not ours, a fault."""
    return JsonResponse(_told(HTTPStatus(status), detail), status=status, content_type=MEDIA_TYPE)
