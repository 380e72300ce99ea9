"""When a trial ends its deployments stop; thirty days later their data is deleted."""

import logging
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils import timezone

from deployments import lifecycle, services
from deployments.lifecycle import Event
from deployments.models import Deployment
from portal.plans import KEPT_AFTER_TRIAL
from portal.subscriptions import get_entitlement

logger = logging.getLogger(__name__)


def expire() -> None:
    """Settle each deployment that has an end: forget the end after a subscription, else stop, and delete in time."""
    for deployment in Deployment.objects.filter(expires__lte=timezone.now()).select_related(
        "tenant", "region"
    ):
        entitlement = get_entitlement(deployment.tenant)
        if entitlement.allowed:
            Deployment.objects.filter(pk=deployment.pk).update(expires=entitlement.expires)
        else:
            _settle(deployment)


def has_ended(deployment: Deployment) -> bool:
    """Whether its trial is over and no plan was chosen since."""
    return deployment.expires is not None and deployment.expires <= timezone.now()


def deleted_at(expires: datetime) -> datetime:
    """When the data of a deployment whose trial ended is deleted."""
    return expires + KEPT_AFTER_TRIAL


def _settle(deployment: Deployment) -> None:
    """What is not possible now, because a job works on the deployment, is done the next time."""
    try:
        if lifecycle.can(deployment.state, Event.STOP):
            services.stop_deployment(deployment, by=None)
        elif deployment.expires and timezone.now() >= deleted_at(deployment.expires):
            services.delete_deployment(deployment, deployment.name, by=None)
    except (lifecycle.NotAllowed, ValidationError) as refusal:
        logger.info("deployment %s is not expired yet: %s", deployment.pk, refusal)
