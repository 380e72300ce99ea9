"""A person who signs in at the integrated authorization server of one deployment: a patient or a clinician."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models

from deployments.models import Deployment


class ServerUser(AbstractBaseUser):
    """No account of the portal. `username` is stored in lower case; `fhir_user` is like `Patient/123`, or empty."""

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="server_users")
    username = models.CharField(max_length=150)
    name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(blank=True)
    fhir_user = models.CharField(max_length=100, blank=True)
    enabled = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ("username", "pk")
        constraints = [
            models.UniqueConstraint(fields=["deployment", "username"], name="username_unique_in_deployment"),
        ]

    def __str__(self) -> str:
        return f"{self.username} of {self.deployment_id}"

    @property
    def display_name(self) -> str:
        return self.name or self.username
