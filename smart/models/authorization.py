"""One act of granting, and what descends from it: a code, access tokens (signed, not stored), refresh tokens."""

import uuid

from django.db import models
from django.utils import timezone

from credentials.models import OAuthApplication, ServerUser


class Authorization(models.Model):
    """What a person (or, without a user, an administrator for a backend service) let an application do.

    All tokens name it, so that revoking it ends them all. `scopes`: as granted. `patient`, `encounter`: logical ids of the
    launch context. `expires`: when it ends by itself.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(OAuthApplication, on_delete=models.CASCADE, related_name="authorizations")
    user = models.ForeignKey(ServerUser, null=True, on_delete=models.CASCADE, related_name="authorizations")
    scopes = models.TextField()
    patient = models.CharField(max_length=64, blank=True)
    encounter = models.CharField(max_length=64, blank=True)
    nonce = models.CharField(max_length=300, blank=True)
    fault = models.CharField(max_length=20, blank=True)
    signed_in_at = models.DateTimeField(null=True)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)
    revoked_because = models.CharField(max_length=40, blank=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"{self.application} may {self.scopes}"

    @property
    def live(self) -> bool:
        return self.revoked is None and (self.expires is None or self.expires > timezone.now())


class AuthorizationCode(models.Model):
    """Good for one redemption within a minute. Only the SHA-256 of the code is stored."""

    digest = models.CharField(max_length=64, unique=True)
    authorization = models.OneToOneField(Authorization, on_delete=models.CASCADE, related_name="code")
    redirect_uri = models.CharField(max_length=2000)
    code_challenge = models.CharField(max_length=128, blank=True)
    expires = models.DateTimeField()
    redeemed = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"code of {self.authorization_id}"


class RefreshToken(models.Model):
    """One link of a chain: using it makes the next. Using it again means theft and ends the authorization."""

    digest = models.CharField(max_length=64, unique=True)
    authorization = models.ForeignKey(Authorization, on_delete=models.CASCADE, related_name="refresh_tokens")
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"refresh token of {self.authorization_id}"


class UsedAssertion(models.Model):
    """A client assertion's `jti`, kept until the assertion would have expired anyway."""

    application = models.ForeignKey(OAuthApplication, on_delete=models.CASCADE, related_name="+")
    jti = models.CharField(max_length=300)
    expires = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "jti"], name="assertion_used_once"),
        ]

    def __str__(self) -> str:
        return f"{self.jti} of {self.application_id}"
