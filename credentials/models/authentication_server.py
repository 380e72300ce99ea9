"""Who issues the access tokens that a deployment accepts: Fireside itself, or somebody else's identity provider."""

from django.db import models

from deployments.models import Deployment
from portal.secrets import EncryptedTextField


class ServerKind(models.TextChoices):
    INTEGRATED = "integrated", "Integrated"
    EXTERNAL = "external", "External"


class AuthenticationServer(models.Model):
    """An issuer of one deployment.

    Lifetimes are in seconds. The claim names, `audience`, `issuer` and `leeway` (seconds of clock skew) concern external
    servers, of which `metadata` is the discovery document and `introspection_…` what proves us to it when it is asked about
    an opaque token (empty: it is not asked); `registration_open` and the lifetimes the integrated one.
    """

    deployment = models.ForeignKey(
        Deployment, on_delete=models.CASCADE, related_name="authentication_servers"
    )
    kind = models.CharField(max_length=10, choices=ServerKind.choices)
    name = models.CharField(max_length=80)
    enabled = models.BooleanField(default=True)
    registration_open = models.BooleanField(default=False)
    access_token_lifetime = models.PositiveIntegerField(default=3600)
    refresh_token_lifetime = models.PositiveIntegerField(default=90 * 24 * 3600)
    issuer = models.URLField(max_length=500, blank=True)
    jwks_uri = models.URLField(max_length=500, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    audience = models.CharField(max_length=300, blank=True)
    scope_claim = models.CharField(max_length=80, default="scope")
    patient_claim = models.CharField(max_length=80, default="patient")
    fhir_user_claim = models.CharField(max_length=80, default="fhirUser")
    introspection_client_id = models.CharField(max_length=200, blank=True)
    introspection_secret = EncryptedTextField(blank=True)
    leeway = models.PositiveSmallIntegerField(default=30)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-kind", "name", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=["deployment"],
                condition=models.Q(kind="integrated"),
                name="one_integrated_server_per_deployment",
            ),
            models.UniqueConstraint(
                fields=["deployment", "issuer"],
                condition=models.Q(kind="external"),
                name="one_server_per_issuer_and_deployment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.deployment_id}"

    @property
    def is_integrated(self) -> bool:
        return self.kind == ServerKind.INTEGRATED
