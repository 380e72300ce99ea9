"""Tokens for the Management API: a person acts through them with at most the token's role."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from portal.models.tenants import Role


class ManagementToken(models.Model):
    """A person's token. With a `tenant` it opens that tenant only; `role` caps what it may do anywhere.

    Only the SHA-256 of the secret is kept: it is random and long, so that it needs no slow hash.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="management_tokens"
    )
    tenant = models.ForeignKey(
        "portal.Tenant", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=80)
    role = models.PositiveSmallIntegerField(choices=Role.choices, default=Role.READ)
    hint = models.CharField(max_length=12)
    secret_hash = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @property
    def is_expired(self) -> bool:
        return self.expires is not None and timezone.now() >= self.expires
