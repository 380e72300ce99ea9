"""An application that may ask for access tokens, and the one or two secrets by which it proves itself."""

import secrets

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from credentials.models.authentication_server import AuthenticationServer


def new_client_id() -> str:
    """22 URL-safe characters: 128 bits."""
    return secrets.token_urlsafe(16)


class ApplicationKind(models.TextChoices):
    PUBLIC = "public", "Public (browser or mobile, keeps no secret)"
    CONFIDENTIAL = "confidential", "Confidential (has a server of its own)"
    BACKEND = "backend", "Backend service (no person)"


class OAuthApplication(models.Model):
    """A client of one authentication server. For an external server only client id, scopes and `enabled` matter.

    `redirect_uris`, `logout_uris`: lists of exact addresses. `jwks`: its public keys ({"keys": […]}), or None.
    `device_flow`: devices without a browser may ask for a code that a person types elsewhere (RFC 8628).
    `requests_per_second`: of all its tokens together, below the limit of the deployment's size; None: only the size's.
    """

    server = models.ForeignKey(AuthenticationServer, on_delete=models.CASCADE, related_name="applications")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, choices=ApplicationKind.choices)
    client_id = models.CharField(max_length=200, default=new_client_id)
    redirect_uris = models.JSONField(default=list, blank=True)
    logout_uris = models.JSONField(default=list, blank=True)
    launch_url = models.URLField(max_length=500, blank=True)
    jwks = models.JSONField(null=True, blank=True)
    jwks_uri = models.URLField(max_length=500, blank=True)
    allowed_scopes = models.TextField(blank=True)
    requests_per_second = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    device_flow = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    self_registered = models.BooleanField(default=False, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("name", "pk")
        constraints = [
            models.UniqueConstraint(fields=["server", "client_id"], name="client_id_unique_in_server"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.client_id})"

    @property
    def deployment_id(self) -> str:
        return self.server.deployment_id

    @property
    def is_public(self) -> bool:
        return self.kind == ApplicationKind.PUBLIC

    @property
    def is_backend(self) -> bool:
        return self.kind == ApplicationKind.BACKEND

    @property
    def has_keys(self) -> bool:
        return bool(self.jwks or self.jwks_uri)


class ClientSecret(models.Model):
    """One secret of an application. Only its SHA-256 is stored: the text has 256 random bits. `hint`: its last letters."""

    application = models.ForeignKey(OAuthApplication, on_delete=models.CASCADE, related_name="secrets")
    digest = models.CharField(max_length=64, editable=False)
    hint = models.CharField(max_length=4, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("-created", "-pk")

    def __str__(self) -> str:
        return f"secret of {self.application}"

    @property
    def expired(self) -> bool:
        return self.expires is not None and self.expires <= timezone.now()
