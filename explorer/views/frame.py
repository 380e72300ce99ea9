"""What is around every page of API Development: whose it is, and the credentials that requests go with."""

from typing import Any

from django.http import HttpRequest

from explorer.foreign import list_credentials
from explorer.held import list_applications
from explorer.models import ForeignServer
from explorer.targets import Target
from explorer.views.fragments import is_swapped


def frame(request: HttpRequest, target: Target) -> dict[str, Any]:
    """The context that `explorer/base.html` needs."""
    return {
        "deployment": target,
        "tab": "api",
        "frame": _template(request, target),
        "held": list_credentials(request.session, target),
        "applications": [] if isinstance(target, ForeignServer) else list_applications(target),
    }


def _template(request: HttpRequest, target: Target) -> str:
    """What the page extends: the shell, or nothing where it takes the place of another inside of it."""
    if is_swapped(request):
        return "explorer/swapped.html"
    return target.base_template if isinstance(target, ForeignServer) else "deployments/deployment_base.html"
