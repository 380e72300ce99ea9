"""The guided tour's page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from deployments.models import Deployment
from deployments.views.loaded import deployment_view
from explorer.tour import tour_steps
from explorer.views.frame import frame
from portal.access import signed_in
from portal.models import Role


@deployment_view(Role.READ)
@never_cache
@require_GET
def tour(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    """From no key to the first answer outside of the portal, ticked as it happens."""
    steps = tour_steps(deployment, signed_in(request))
    return render(
        request,
        "explorer/tour.html",
        {
            **frame(request, deployment),
            "steps": steps,
            "next": next((step for step in steps if not step.done), None),
            "done_count": sum(step.done for step in steps),
        },
    )
