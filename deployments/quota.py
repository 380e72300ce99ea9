"""Warns a tenant when a deployment has used most of the room that its size gives it."""

import logging

from django.conf import settings
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone

from deployments.models import Deployment, State
from deployments.selectors import get_use
from deployments.sizes import get_size
from portal.notifications import NoticeKind, notify

logger = logging.getLogger(__name__)

WARN_AT = 80  # percent


def warn_of_full() -> int:
    """Tell of each running deployment that is nearly full, once a month and size; returns how many. Run every hour."""
    running = Deployment.objects.filter(
        state=State.RUNNING, partition__isnull=False, tenant__deleted__isnull=True
    ).select_related("tenant", "region")
    return sum(_warn(deployment) for deployment in running)


def _warn(deployment: Deployment) -> bool:
    try:
        use = get_use(deployment)
    except DatabaseError as error:
        logger.warning("the room of %s could not be read (%s)", deployment.pk, error)
        return False
    if use.resources * 100 < WARN_AT * use.limit:
        return False
    size = get_size(deployment.size)
    url = settings.PUBLIC_URL + reverse("deployments:settings", args=[deployment.pk])
    told = notify(
        NoticeKind.QUOTA_REACHED,
        deployment.tenant,
        f"{deployment.name} has used {use.percent} percent of its room",
        f"{use.resources:,} resources are stored; the size {size.title} has room for {use.limit:,}."
        f" When it is full, nothing more can be created.\n\nChoose a larger size: {url}",
        facts={"deployment": deployment.pk, "resources": use.resources, "limit": use.limit},
        once=f"quota-{deployment.pk}-{size.code}-{timezone.now():%Y-%m}",
    )
    return told is not None
