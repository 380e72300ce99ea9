"""When a tenant is deleted its deployments stop at once; after the grace period they go, and the tenant with them."""

import logging
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from deployments import lifecycle, services
from deployments.lifecycle import Event
from deployments.models import Deployment
from portal.models import Tenant
from portal.services.tenants import KEPT_AFTER_DELETION, purge_tenant

logger = logging.getLogger(__name__)


def stop_all(sender: object, tenant: Tenant, **kwargs: Any) -> None:
    """Stop what runs. What a job works on now is stopped by `settle`."""
    for deployment in Deployment.objects.filter(tenant=tenant):
        if lifecycle.can(deployment.state, Event.STOP):
            services.stop_deployment(deployment, by=None)


def settle() -> None:
    """For each deleted tenant: stop what runs, and after the grace period delete, first deployments, then the tenant."""
    for tenant in Tenant.objects.filter(deleted__isnull=False):
        stop_all(None, tenant)
        if tenant.deleted and timezone.now() >= tenant.deleted + KEPT_AFTER_DELETION:
            _remove(tenant)


def _remove(tenant: Tenant) -> None:
    """Deployments first, as jobs; the tenant itself goes in a later round, when none is left."""
    deployments = list(Deployment.objects.filter(tenant=tenant))
    if not deployments:
        purge_tenant(tenant)
    for deployment in deployments:
        try:
            services.delete_deployment(deployment, deployment.name, by=None)
        except (lifecycle.NotAllowed, ValidationError) as refusal:
            logger.info("deployment %s is not deleted yet: %s", deployment.pk, refusal)
