"""Two deployments of one tenant side by side, and taking over what was chosen."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from deployments import comparison, lifecycle
from deployments.models import Deployment
from deployments.selectors import list_deployments_for
from deployments.views.loaded import deployment_view
from portal.access import signed_in
from portal.models import Role


@require_safe
@deployment_view(Role.READ)
def page(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    others = list_deployments_for(signed_in(request), deployment.tenant).exclude(pk=deployment.pk)
    wanted = request.GET.get("with", "")
    other = get_object_or_404(others, pk=wanted) if wanted else None
    context = {
        "deployment": deployment,
        "others": others,
        "other": other,
        "sections": comparison.compare(deployment, other) if other else [],
        "may_take": getattr(deployment, "role", Role.READ) >= Role.ADMIN,
    }
    return render(request, "deployments/compare.html", context)


@require_POST
@deployment_view(Role.ADMIN)
def take(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    """All that was chosen, or nothing of it."""
    by = signed_in(request)
    other = list_deployments_for(by, deployment.tenant).filter(pk=request.POST.get("with", "")).first()
    if other is None:
        raise Http404
    try:
        with transaction.atomic():
            taken = comparison.take_over(deployment, other, request.POST.getlist("take"), by=by)
    except ValidationError as refusal:
        messages.error(request, f"Nothing was changed. {' '.join(refusal.messages)}")
    except lifecycle.NotAllowed as refusal:
        messages.error(request, f"Nothing was changed. {refusal}")
    else:
        if taken:
            messages.success(request, f"{deployment.name} took over from {other.name}: {', '.join(taken)}.")
        else:
            messages.info(request, "Nothing was chosen.")
    return redirect(f"{reverse('deployments:compare', args=[deployment.pk])}?{urlencode({'with': other.pk})}")
