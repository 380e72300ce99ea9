"""An EHR launch: the context that an application gets when it is started from a record."""

import secrets

from django.conf import settings
from django.db import models

from credentials.models import OAuthApplication


def new_launch_id() -> str:
    return secrets.token_urlsafe(24)


class Fault(models.TextChoices):
    """What the launch simulator can make go wrong, so that an application's error paths can be tried."""

    NONE = "", "None: everything goes well"
    EXPIRED_CODE = "expired-code", "The authorization code has expired"
    WRONG_AUDIENCE = "wrong-audience", "The access token is for another server"
    DENIED_SCOPE = "denied-scope", "The person refuses the first data scope"
    EXPIRED_TOKEN = "expired-token", "The access token has expired"
    BAD_STATE = "bad-state", "The state comes back changed"


class Launch(models.Model):
    """`patient` and `encounter` are logical ids in the deployment. Good for ten minutes."""

    launch = models.CharField(max_length=64, unique=True, default=new_launch_id)
    application = models.ForeignKey(OAuthApplication, on_delete=models.CASCADE, related_name="launches")
    patient = models.CharField(max_length=64, blank=True)
    encounter = models.CharField(max_length=64, blank=True)
    fault = models.CharField(max_length=20, choices=Fault.choices, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ("-created",)

    def __str__(self) -> str:
        return f"launch of {self.application}"
