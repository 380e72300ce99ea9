"""Whether the browser asks for a part of a page (htmx) or for a whole one."""

from typing import cast

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


def wants_part(request: HttpRequest) -> bool:
    """True for htmx, except when it takes a page to the place of another."""
    details = _details(request)
    return bool(details) and not details.boosted and not details.history_restore_request


def is_swapped(request: HttpRequest) -> bool:
    """Whether the page takes the place of another inside of the same shell."""
    return _details(request).boosted


def _details(request: HttpRequest) -> HtmxDetails:
    return cast(HtmxDetails, getattr(request, "htmx"))  # noqa: B009  set by its middleware, unknown to the types
