"""Audit events kept in the deployment itself, where FHIR clients find them by `AuditEvent?patient=…` (docs/adr/0012)."""

import logging

from django.conf import settings
from django.db import DatabaseError, transaction

from deployments.models import Deployment, State
from fhirserver import bulk
from fhirserver.outcomes import FhirError
from fhirserver.partitions import Partition
from gateway.audit_events import audit_event
from gateway.following import last_number, list_requests_between
from gateway.models import AuditKeeping
from portal import audit
from portal.models import User

logger = logging.getLogger(__name__)

_AT_ONCE = 500


def keeps_audit_events(deployment: Deployment) -> bool:
    return AuditKeeping.objects.filter(deployment=deployment).exists()


@transaction.atomic
def set_keeping(deployment: Deployment, keeps: bool, *, by: User) -> None:
    """From now on, or no longer. What was kept stays."""
    if keeps == keeps_audit_events(deployment):
        return
    if keeps:
        AuditKeeping.objects.create(deployment=deployment, line=last_number())
    else:
        AuditKeeping.objects.filter(deployment=deployment).delete()
    audit.record(
        "deployment.audit_events",
        tenant=deployment.tenant,
        actor=by,
        target=str(deployment),
        before={"kept in the deployment": not keeps},
        after={"kept in the deployment": keeps},
    )


def keep_events() -> int:
    """Make what is due, for each deployment that runs; returns how many. Run every few seconds."""
    kept = AuditKeeping.objects.filter(
        deployment__state=State.RUNNING, deployment__partition__isnull=False
    ).select_related("deployment__region")
    return sum(_keep(one) for one in kept)


def _keep(keeping: AuditKeeping) -> int:
    deployment, last = keeping.deployment, last_number()
    lines = list_requests_between(deployment, keeping.line, last, _AT_ONCE)
    reached = lines[-1].pk if len(lines) == _AT_ONCE else last
    events = [event for line in lines if (event := audit_event(line, deployment, settings.PUBLIC_URL))]
    if events:
        partition = Partition(deployment.region.database, deployment.partition or 0)
        try:
            bulk.load(partition, events)
        except (FhirError, DatabaseError) as error:
            logger.warning("audit events of %s wait (%s)", deployment.pk, error)
            return 0
    AuditKeeping.objects.filter(pk=keeping.pk, line=keeping.line).update(line=reached)
    return len(events)
