"""A FHIR server that a tenant created, or connected."""

import secrets
import string

from django.conf import settings
from django.db import models

from portal.models import Tenant

DEPLOYMENT_ID_ALPHABET = string.ascii_lowercase + string.digits
DEPLOYMENT_ID_LENGTH = 12


def new_deployment_id() -> str:
    """An unguessable Deployment ID: 12 lower-case letters and digits (62 bits)."""
    return "".join(secrets.choice(DEPLOYMENT_ID_ALPHABET) for _ in range(DEPLOYMENT_ID_LENGTH))


class State(models.TextChoices):
    CREATING = "CREATING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    STARTING = "STARTING"
    UPDATING = "UPDATING"
    FAILED = "FAILED"
    DELETING = "DELETING"


class ServiceLevel(models.TextChoices):
    LIVE = "live", "Live"
    TEST = "test", "Test"
    DEVELOPMENT = "development", "Development"


class Deployment(models.Model):
    """One FHIR endpoint with its own data, credentials and limits.

    `partition` is the number that the region's store reserved for it, None until provisioned.
    `allowed_origins` are the origins (`https://app.example`) whose browser applications may call the endpoint.
    `maintenance_message` is shown to the team, and to callers while the endpoint is stopped.
    `requests_per_second` and `largest_body` (bytes) are limits of its own, smaller than its size's and the installation's; None for those.
    `upstream` is the base URL of a connected FHIR server, empty for the embedded one; `upstream_credential` is what is sent there
    (`deployments.upstream_credentials`), encrypted; `upstream_facts` is what it said of itself when asked last
    (`deployments.upstream.Health`).
    """

    id = models.CharField(primary_key=True, max_length=DEPLOYMENT_ID_LENGTH, default=new_deployment_id)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="deployments")
    name = models.CharField(max_length=50)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CREATING)
    state_reason = models.TextField(blank=True)
    service_level = models.CharField(
        max_length=12, choices=ServiceLevel.choices, default=ServiceLevel.DEVELOPMENT
    )
    size = models.CharField(max_length=20)
    high_availability = models.BooleanField(default=False)
    preloaded_data = models.CharField(max_length=40, blank=True)
    region = models.ForeignKey("deployments.Region", on_delete=models.PROTECT, related_name="deployments")
    partition = models.PositiveIntegerField(null=True, editable=False)
    upstream = models.URLField(blank=True)
    upstream_credential = models.TextField(blank=True, editable=False)
    upstream_facts = models.JSONField(default=dict, blank=True, editable=False)
    allowed_origins = models.JSONField(default=list, blank=True)
    maintenance_message = models.CharField(max_length=200, blank=True)
    requests_per_second = models.PositiveIntegerField(null=True, blank=True)
    largest_body = models.PositiveIntegerField(null=True, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    expires = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created",)
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], name="deployment_name_unique_in_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"
