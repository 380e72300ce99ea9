"""What became of something that a person did on a page."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from deployments import jobs, lifecycle

REFUSALS = (lifecycle.NotAllowed, jobs.NotAllowed, ValidationError)


def do(request: HttpRequest, action: Callable[[], object], done: str, after: str) -> HttpResponse:
    """Run the action, say what became of it and go to the page `after`."""
    try:
        action()
    except REFUSALS as refusal:
        messages.error(request, _words(refusal))
    else:
        messages.success(request, done)
    return redirect(after)


def _words(refusal: Exception) -> str:
    return " ".join(refusal.messages) if isinstance(refusal, ValidationError) else str(refusal)
