"""Whether the browser asks for a part of a page (htmx) or for a whole one."""

from typing import cast

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


def wants_part(request: HttpRequest) -> bool:
    """True for htmx, except when it restores a page of the browser's history."""
    details = cast(HtmxDetails, getattr(request, "htmx"))  # noqa: B009  set by its middleware, unknown to the types
    return bool(details) and not details.history_restore_request
