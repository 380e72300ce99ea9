"""Which deployments keep their audit events as resources of their own, and up to which line of the log they are made."""

from django.db import models

from deployments.models import Deployment


class AuditKeeping(models.Model):
    """There is a row while it is switched on. `line` is the primary key of the last line up to which events are made."""

    deployment = models.OneToOneField(
        Deployment, primary_key=True, on_delete=models.CASCADE, related_name="audit_keeping"
    )
    line = models.BigIntegerField()

    def __str__(self) -> str:
        return f"audit events of {self.deployment_id} up to line {self.line}"
