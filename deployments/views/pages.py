"""The list of deployments, a deployment's overview and its settings."""

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from deployments import samples
from deployments.choices import list_sizes, price_of
from deployments.endpoint import fhir_base, oauth_issuer
from deployments.forms import MEGABYTE, AccessSettingsForm, LimitsForm
from deployments.models import Deployment, ServiceLevel
from deployments.selectors import get_use, list_deployments_for, list_jobs, with_open_jobs
from deployments.sizes import get_size
from deployments.views.loaded import deployment_view
from deployments.views.upstream import upstream_context, upstream_settings
from portal.access import check_mfa, get_current_tenant, signed_in
from portal.forms import TypedNameForm
from portal.models import Membership, Role
from portal.subscriptions import get_entitlement

RECENT_JOBS = 5
CARDS_A_PAGE = 24


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The cards of the current tenant's deployments."""
    user = signed_in(request)
    tenant = get_current_tenant(request)
    if tenant:
        check_mfa(user, tenant)
    membership = Membership.objects.filter(user=user, tenant=tenant).first() if tenant else None
    asked = request.GET.get("q", "").strip()
    found = list_deployments_for(user, tenant)
    if asked:
        found = found.filter(Q(name__icontains=asked) | Q(pk__startswith=asked.lower()))
    page = Paginator(with_open_jobs(found), CARDS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "tenant": tenant,
        "page": page,
        "asked": asked,
        "may_create": membership is not None and membership.may(Role.ADMIN),
        "deployments": page.object_list if tenant else [],
        "service_levels": ServiceLevel,
    }
    return render(request, "deployments/list.html", context)


@require_safe
@deployment_view(Role.READ)
def overview(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    base = fhir_base(deployment)
    context = {
        "deployment": deployment,
        "size": get_size(deployment.size),
        "price": price_of(deployment.tenant, deployment.size, deployment.high_availability),
        "use": get_use(deployment),
        "expires": get_entitlement(deployment.tenant).expires,
        "endpoints": _endpoints(deployment),
        "samples": samples.list_samples(base, oauth_issuer(deployment)),
        "jobs": list_jobs(deployment)[:RECENT_JOBS],
        "product_version": settings.VERSION,
        **(upstream_context(deployment) if deployment.upstream else {}),
    }
    return render(request, "deployments/overview.html", context)


def _endpoints(deployment: Deployment) -> list[tuple[str, str]]:
    base, issuer = fhir_base(deployment), oauth_issuer(deployment)
    return [
        ("FHIR base", base),
        ("Capability statement", f"{base}/metadata"),
        ("SMART configuration", f"{base}/.well-known/smart-configuration"),
        ("OAuth issuer", issuer),
        ("Authorize", f"{issuer}/authorize"),
        ("Token", f"{issuer}/token"),
    ]


def settings_context(request: HttpRequest, deployment: Deployment, **more: Any) -> dict[str, Any]:
    return {
        "deployment": deployment,
        # What is refused is shown at the address of its own.
        "current_tab": "settings",
        "service_levels": ServiceLevel.choices,
        "sizes": list_sizes(deployment.tenant),
        "access_form": AccessSettingsForm(
            initial={
                "allowed_origins": "\n".join(deployment.allowed_origins),
                "maintenance_message": deployment.maintenance_message,
            }
        ),
        "limits_form": LimitsForm(
            initial={
                "requests_per_second": deployment.requests_per_second,
                "largest_body": deployment.largest_body and Decimal(deployment.largest_body) / MEGABYTE,
            }
        ),
        "delete_form": TypedNameForm(expected=deployment.name),
        **(upstream_settings(deployment) if deployment.upstream else {}),
        **more,
    }


@require_safe
@deployment_view(Role.ADMIN)
def settings_page(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    return render(request, "deployments/settings.html", settings_context(request, deployment))
