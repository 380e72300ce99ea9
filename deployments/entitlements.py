"""What a tenant's plan lets it deploy: the portal says, this refuses."""

from django.core.exceptions import ValidationError

from deployments.models import Deployment, State
from deployments.sizes import Size
from portal.models import Tenant
from portal.subscriptions import Entitlement, get_entitlement


def check_creation(tenant: Tenant, size: Size, high_availability: bool) -> Entitlement:
    """Raises ValidationError with the plan's reason. Call it under the tenant's lock."""
    entitlement = get_entitlement(tenant)
    existing = Deployment.objects.filter(tenant=tenant).exclude(state=State.DELETING).count()
    refusal = entitlement.refusal(existing=existing, size=size.code, high_availability=high_availability)
    if refusal:
        raise ValidationError(refusal)
    return entitlement


def check_size(tenant: Tenant, size: Size) -> None:
    entitlement = get_entitlement(tenant)
    refusal = entitlement.refusal(existing=-1, size=size.code, high_availability=False)
    if refusal:
        raise ValidationError({"size": refusal})


def check_running(deployment: Deployment) -> None:
    """Raises ValidationError when the plan no longer lets this tenant's deployments run."""
    entitlement = get_entitlement(deployment.tenant)
    if not entitlement.allowed:
        raise ValidationError(entitlement.reason)
