"""Addresses that take only what a form sends, and the pages that have these forms.

People land on such an address after signing in again, from the browser's history or from a link that somebody copied. They are led to the
page with the form: the nearest page above the address, unless an app names another.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import Resolver404, ResolverMatch, resolve, reverse

from portal.rights import takes

START = "/"


@dataclass(frozen=True)
class FormPage:
    """The page `route`, reversed with these parameters of the address that was asked for; `place` is the form's on the page."""

    route: str
    parameters: tuple[str, ...] = ()
    place: str = ""

    def address(self, match: ResolverMatch) -> str:
        page = reverse(self.route, args=[match.kwargs[name] for name in self.parameters])
        return f"{page}#{self.place}" if self.place else page


_pages: dict[str, FormPage] = {}


def register_form_pages(pages: dict[str, FormPage]) -> None:
    """By the name of the route that a form is sent to. Called from `AppConfig.ready`."""
    _pages.update(pages)


def is_landing(request: HttpRequest) -> bool:
    """Whether a browser asks for a whole page: programs and parts of pages are told the bare truth."""
    wants_page = "text/html" in request.headers.get("Accept", "")
    return request.method == "GET" and wants_page and "HX-Request" not in request.headers


def form_page_of(match: ResolverMatch, path: str) -> str:
    """Where the form is that is sent to `path`."""
    if named := _pages.get(match.view_name):
        return named.address(match)
    return next(filter(_is_page, _above(path)), START)


def _above(path: str) -> Iterator[str]:
    """As /a/b/ and /a/ for /a/b/c/."""
    while (path := path.rstrip("/").rpartition("/")[0] + "/") != START:
        yield path


def _is_page(path: str) -> bool:
    with suppress(Resolver404):
        return takes("GET", resolve(path).view_name)
    return False
