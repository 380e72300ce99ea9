"""Back to where somebody wanted to go when a tenant's rule sent them to set up two-step sign-in first."""

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest

_KEY = "wanted_before_two_steps"


def remember_wanted(request: HttpRequest) -> None:
    """Only a page can be gone back to: what was posted is not sent twice."""
    if request.method == "GET":
        request.session[_KEY] = request.get_full_path()


def is_wanted(request: HttpRequest) -> bool:
    """Whether somewhere was wanted, and the second step that was missing is there now."""
    return _KEY in request.session and is_mfa_enabled(request.user)


def take_wanted(request: HttpRequest) -> str | None:
    """The address within Fireside; the second call has nothing."""
    wanted: str | None = request.session.pop(_KEY, None)
    return wanted
