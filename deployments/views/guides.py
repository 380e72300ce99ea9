"""/deployments/<id>/guides/: implementation guides, and which profiles writes must meet."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from deployments import guide_jobs, guide_services
from deployments.models import Deployment
from deployments.selectors import list_jobs
from deployments.views.loaded import deployment_view
from deployments.views.outcome import do
from fhirserver.guides.memory import Writes
from fhirspec.package import MAX_PACKED_BYTES
from portal.access import signed_in
from portal.models import Role

SHOWN_JOBS = 10
WRITES = (
    (Writes.OFF, "Do not check", "A resource has to be valid R4, nothing more."),
    (
        Writes.DECLARED,
        "Check what a resource claims",
        "A resource that names a profile in meta.profile has to meet it, if the profile is here.",
    ),
    (
        Writes.ENFORCED,
        "Ask for a profile",
        "Besides, a resource has to meet one of the guides' profiles of its type, where they have any.",
    ),
)


def _context(deployment: Deployment) -> dict[str, Any]:
    work = list(list_jobs(deployment).filter(kind__in=guide_jobs.GUIDE_KINDS)[:SHOWN_JOBS])
    return {
        "deployment": deployment,
        "shown": guide_services.get_guides(deployment),
        "jobs": work,
        "running": [job for job in work if job.is_open],
        "settings": WRITES,
        "largest": MAX_PACKED_BYTES,
    }


@require_safe
@deployment_view(Role.READ)
def page(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    return render(request, "deployments/guides.html", _context(deployment))


def _do(
    request: HttpRequest, deployment: Deployment, action: Callable[[], object], done: str
) -> HttpResponse:
    return do(request, action, done, reverse("deployments:guides", args=[deployment.pk]))


@require_POST
@deployment_view(Role.ADMIN)
def install(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    by, file = signed_in(request), request.FILES.get("package")

    def action() -> None:
        if file is None or isinstance(file, list):
            raise ValidationError("Choose a package: a .tgz file.")
        if (file.size or 0) > MAX_PACKED_BYTES:
            raise ValidationError(f"A package may have {MAX_PACKED_BYTES // 1024**2} MB.")
        guide_services.install_guide(deployment, file.chunks(), file.name or "", by=by)

    return _do(request, deployment, action, "The package is here and is being installed.")


@require_POST
@deployment_view(Role.ADMIN)
def remove(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    by, name = signed_in(request), request.POST.get("guide", "")
    done = f"{name} is being removed."
    return _do(request, deployment, lambda: guide_services.remove_guide(deployment, name, by=by), done)


@require_POST
@deployment_view(Role.ADMIN)
def index_again(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    by = signed_in(request)
    done = "What is stored is being indexed."
    return _do(request, deployment, lambda: guide_services.index_again(deployment, by=by), done)


@require_POST
@deployment_view(Role.ADMIN)
def change_writes(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    by, writes = signed_in(request), request.POST.get("writes", "")
    done = "Saved. Writes are checked this way from now on."
    return _do(request, deployment, lambda: guide_services.change_writes(deployment, writes, by=by), done)
