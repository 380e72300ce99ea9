"""Who changed what in the control plane, with the values before and after. Rows are only ever added."""

from django.conf import settings
from django.db import models


class AuditEvent(models.Model):
    """One change. `before` and `after` hold the changed fields only, never secrets."""

    tenant = models.ForeignKey(
        "portal.Tenant", null=True, on_delete=models.CASCADE, related_name="audit_events"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_name = models.CharField(max_length=254, blank=True)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=254, blank=True)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created", "-pk")
        indexes = [
            models.Index(fields=["tenant", "-created", "-id"], name="audit_of_tenant"),
            models.Index(fields=["tenant", "action", "-created", "-id"], name="audit_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.target}"
