"""The keys by which a deployment's authorization server signs."""

from django.db import models

from deployments.models import Deployment


class SigningKey(models.Model):
    """An RSA key of one deployment. `private_key` is a PEM, encrypted. The newest signs; those not `retired` are published.

    `retires` is None while it signs; after a rotation, when it leaves the published set.
    """

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="signing_keys")
    kid = models.CharField(max_length=64, unique=True)
    private_key = models.TextField(editable=False)
    created = models.DateTimeField(auto_now_add=True)
    retires = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("-created", "-pk")

    def __str__(self) -> str:
        return f"{self.kid} of {self.deployment_id}"
