"""How many requests a deployment had in a minute, how they ended and how long they took."""

from django.db import models

from deployments.models import Deployment
from gateway.models.counted import Counted


class MinuteCount(Counted):
    deployment = models.ForeignKey(
        Deployment,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="minute_counts",
    )
    minute = models.DateTimeField()

    class Meta:
        ordering = ("minute",)
        constraints = [
            models.UniqueConstraint(fields=["deployment", "minute"], name="one_count_a_minute"),
        ]
        indexes = [models.Index(fields=["minute"], name="count_retention")]

    def __str__(self) -> str:
        return f"{self.deployment_id} at {self.minute}: {self.requests}"
