"""An API key of one deployment, and the one or two secrets by which it is known while it is rotated."""

from datetime import timedelta

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from credentials.access import Access, parse_access
from credentials.secret import PREFIX, PUBLIC_ID_LENGTH, new_public_id
from deployments.models import Deployment


class ApiKey(models.Model):
    """A credential for one deployment's FHIR endpoint. `access` is the JSON form of `credentials.access.Access`.

    `requests_per_second`: its own limit below that of the deployment's size; None: only the size's.
    `networks`: CIDR texts as `credentials.networks` writes them; empty: it may be used from anywhere.
    """

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="api_keys")
    public_id = models.CharField(
        max_length=PUBLIC_ID_LENGTH, unique=True, default=new_public_id, editable=False
    )
    name = models.CharField(max_length=80)
    holder = models.CharField(max_length=120, blank=True)
    access_granted = models.JSONField()
    networks = models.JSONField(default=list, blank=True)
    expires = models.DateTimeField(null=True, blank=True)
    requests_per_second = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    revoked = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_from = models.GenericIPAddressField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("-created", "-pk")

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"

    @property
    def prefix(self) -> str:
        """What may be shown of the key after its creation."""
        return f"{PREFIX}_{self.public_id}"

    @property
    def access(self) -> Access:
        return parse_access(self.access_granted)

    @property
    def expired(self) -> bool:
        return self.expires is not None and self.expires <= timezone.now()

    @property
    def usable(self) -> bool:
        return self.revoked is None and not self.expired

    @property
    def older_live_secrets(self) -> "list[ApiKeySecret]":
        """Those that a rotation left working beside the newest; each tells when and from where it was used last."""
        return [secret for secret in list(self.secrets.all())[1:] if not secret.expired]

    @property
    def used_lately(self) -> bool:
        """Within a day: whoever ends it now will be noticed."""
        return self.last_used_at is not None and self.last_used_at > timezone.now() - timedelta(days=1)


class ApiKeySecret(models.Model):
    """One secret of a key. Rotation adds a second one and gives the first an end (`expires`)."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="secrets")
    digest = models.CharField(max_length=64, editable=False)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_from = models.GenericIPAddressField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("-created", "-pk")

    def __str__(self) -> str:
        return f"secret of {self.api_key}"

    @property
    def expired(self) -> bool:
        return self.expires is not None and self.expires <= timezone.now()
