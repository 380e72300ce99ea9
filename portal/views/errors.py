"""Error pages that say what happened and what to do next."""

import sys

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import requires_csrf_token

from portal.access import MfaRequired
from portal.api.problems import is_call, problem_outside
from portal.outages import RETRY_SECONDS, outage_of
from portal.two_steps import remember_wanted


class LinkEnded(Http404):
    """A mailed link that opens nothing any more; the message says what to do."""


def _page(
    request: HttpRequest, status: int, title: str, text: str, detail: str = "", again: str = ""
) -> HttpResponse:
    """`again`: the address of the page from which the person tries again."""
    if is_call(request):
        return problem_outside(status, title + ".")
    context = {"status": status, "title": title, "text": text, "detail": detail, "again": again}
    return render(request, "portal/error.html", context, status=status)


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request, 400, "This request cannot be read", "Go back, reload the page, and send the form again."
    )


def length_required(request: HttpRequest) -> HttpResponse:
    return _page(
        request,
        411,
        "Send the length of the body, as Content-Length",
        "A body in pieces (Transfer-Encoding: chunked) is read at FHIR endpoints only.",
    )


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, MfaRequired):
        remember_wanted(request)
        return render(request, "portal/mfa_required.html", {"text": str(exception)}, status=403)
    detail = str(exception)
    text = detail or "Your role does not allow this. An administrator of the tenant can change it."
    return _page(request, 403, "You may not do this", text)


@requires_csrf_token
def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, LinkEnded):
        return _page(request, 404, "This link opens nothing any more", str(exception))
    return _page(
        request,
        404,
        "There is nothing here",
        "The address is wrong, what it named was deleted, or it belongs to a tenant of which you are not a member.",
    )


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    # Django calls this while the error is being handled, and passes no error on.
    if missing := outage_of(sys.exc_info()[1]):
        return _unavailable(request, missing)
    if is_call(request):
        return problem_outside(500, "Something failed here. It was written down; try again later.")
    return render(request, "portal/error_plain.html", status=500)


def _unavailable(request: HttpRequest, missing: str) -> HttpResponse:
    """The page asks nothing of any database."""
    if is_call(request):
        answer: HttpResponse = problem_outside(503, f"{missing} Try again later.")
    else:
        again = request.get_full_path() if request.method == "GET" else "/"
        answer = render(request, "portal/outage.html", {"text": missing, "again": again}, status=503)
    answer["Retry-After"] = str(RETRY_SECONDS)
    answer["Cache-Control"] = "no-store"
    return answer


@requires_csrf_token
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(
        request,
        403,
        "This form has expired",
        "Nothing was changed. The form was opened before you signed in anew, or cookies are blocked for this site. Open its page "
        "again and send it there; what you typed is still to be seen when you go back.",
        reason,
        _page_before(request),
    )


def _page_before(request: HttpRequest) -> str:
    """The page of ours that sent the request; empty for another site's."""
    before = request.headers.get("Referer", "")
    return before if url_has_allowed_host_and_scheme(before, {request.get_host()}) else ""
