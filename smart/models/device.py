"""A device without a browser that waits for its person to say yes elsewhere (RFC 8628)."""

from django.db import models

from credentials.models import OAuthApplication
from smart.models.authorization import Authorization


class DeviceCode(models.Model):
    """Of the device's code only the SHA-256 is stored; `user_code` is what the person types, eight letters.

    `interval`: the seconds that the device must wait between two questions. `authorization` and `denied` hold the
    person's answer; `redeemed` the moment in which the device got its tokens.
    """

    digest = models.CharField(max_length=64, unique=True)
    user_code = models.CharField(max_length=8)
    application = models.ForeignKey(OAuthApplication, on_delete=models.CASCADE, related_name="device_codes")
    scopes = models.TextField()
    interval = models.PositiveSmallIntegerField(default=5)
    asked = models.DateTimeField(null=True)
    expires = models.DateTimeField()
    authorization = models.OneToOneField(
        Authorization, null=True, on_delete=models.CASCADE, related_name="device_code"
    )
    denied = models.BooleanField(default=False)
    redeemed = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user_code"], name="device_user_code")]

    def __str__(self) -> str:
        return f"device code for {self.application}"

    @property
    def shown_code(self) -> str:
        """As the device shows it: `BCDF-GHJK`."""
        return f"{self.user_code[:4]}-{self.user_code[4:]}"
