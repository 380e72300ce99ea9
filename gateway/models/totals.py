"""Sums that only grow: a deployment's for a Prometheus server, its and its credentials' by the hour and day for the metrics page."""

from django.db import models

from deployments.models import Deployment
from gateway.models.counted import Counted


class DeploymentTotal(Counted):
    """Since the deployment was made. `seconds` is how long its requests took together."""

    deployment = models.OneToOneField(
        Deployment, primary_key=True, on_delete=models.CASCADE, db_constraint=False, related_name="total"
    )
    seconds = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"{self.deployment_id}: {self.requests}"


class HourCount(Counted):
    """What the minutes of an hour add up to: weeks are drawn from these."""

    deployment = models.ForeignKey(
        Deployment, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="hour_counts"
    )
    hour = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["deployment", "hour"], name="one_count_an_hour")]
        indexes = [models.Index(fields=["hour"], name="hour_retention")]

    def __str__(self) -> str:
        return f"{self.deployment_id} at {self.hour}: {self.requests}"


class CredentialCount(Counted):
    """`credential` is a key's prefix or a client id, empty for requests without a credential."""

    deployment = models.ForeignKey(
        Deployment, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=10, blank=True)
    credential = models.CharField(max_length=80, blank=True)
    name = models.CharField(max_length=80, blank=True)

    class Meta:
        abstract = True


class CredentialHour(CredentialCount):
    hour = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "hour", "kind", "credential"], name="one_count_an_hour_and_credential"
            ),
        ]
        indexes = [models.Index(fields=["hour"], name="credential_retention")]

    def __str__(self) -> str:
        return f"{self.credential} of {self.deployment_id} at {self.hour}: {self.requests}"


class CredentialDay(CredentialCount):
    """What the hours of a day (UTC) that ended add up to (gateway.credential_days)."""

    day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "day", "kind", "credential"], name="one_count_a_day_and_credential"
            ),
        ]
        indexes = [models.Index(fields=["day"], name="credential_days")]

    def __str__(self) -> str:
        return f"{self.credential} of {self.deployment_id} on {self.day}: {self.requests}"
