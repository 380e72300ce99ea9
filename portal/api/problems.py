"""Errors as problem details (RFC 9457): `application/problem+json`."""

from http import HTTPStatus
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from portal.services.refusals import Refused
from portal.subscriptions import SubscriptionRefused

MEDIA_TYPE = "application/problem+json"


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. A refused change is 409; None lets the server answer 500."""
    if isinstance(error, (Refused, SubscriptionRefused)):
        return _problem(HTTPStatus.CONFLICT, str(error), {})
    response = exception_handler(error, context)
    if response is None:
        return None
    fields = error.detail if isinstance(error, ValidationError) else None
    detail = "Some fields are not valid." if fields else _detail(response, error)
    answer = _problem(HTTPStatus(response.status_code), detail, {"errors": fields} if fields else {})
    for name, value in response.headers.items():
        if name.lower() != "content-type":
            answer.headers[name] = value
    return answer


def _detail(response: Response, error: Exception) -> str:
    """What the error says; Django's 404 and 403 lose their words in DRF's handler."""
    data = response.data
    told = data.get("detail", "") if isinstance(data, dict) else ""
    return str(error) if response.status_code == HTTPStatus.FORBIDDEN and str(error) else str(told)


def _problem(status: HTTPStatus, detail: str, more: dict[str, Any]) -> Response:
    data = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail, **more}
    return Response(data, status=status, content_type=MEDIA_TYPE)
