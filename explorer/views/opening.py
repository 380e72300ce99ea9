"""`/explore/<Type>/?…`: a search of a guide, opened in the explorer of one of the reader's own deployments."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from deployments.models import Deployment, State
from deployments.selectors import list_deployments_for
from explorer import definitions
from explorer.bench import bench_url
from explorer.building.criteria import parse_query
from explorer.building.draft import Draft
from explorer.execution import last_used
from portal.access import get_current_tenant, signed_in


@login_required
@require_safe
def explore(request: HttpRequest, resource_type: str) -> HttpResponse:
    """The form of the search, filled in. Which deployment: the one used last, else the newest that runs."""
    if not definitions.is_resource_type(resource_type):
        raise Http404
    deployment = _deployment(request)
    if deployment is None:
        messages.info(request, "Create a deployment first: the examples open in its explorer.")
        return redirect("deployments:list")
    criteria = parse_query(request.META.get("QUERY_STRING", ""))
    draft = Draft("search", resource_type, criteria=criteria)
    return redirect(f"{bench_url(deployment, resource_type)}?{draft.address()}#try")


def _deployment(request: HttpRequest) -> Deployment | None:
    user = signed_in(request)
    running = [
        each
        for each in list_deployments_for(user, get_current_tenant(request))
        if each.state == State.RUNNING
    ]
    used = last_used(user, running)
    return used or next(iter(running), None)
