"""How many requests a deployment had in a minute, how they ended and how long they took."""

from django.db import models

from deployments.models import Deployment

# Upper ends in milliseconds; the last bucket has none.
LATENCY_BUCKETS = (1, 2, 3, 5, 8, 12, 20, 35, 60, 100, 200, 400, 1000, 3000, 10_000)


class MinuteCount(models.Model):
    """`latencies` counts answers by the buckets of LATENCY_BUCKETS and one more for all that took longer."""

    deployment = models.ForeignKey(
        Deployment,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="minute_counts",
    )
    minute = models.DateTimeField()
    requests = models.PositiveBigIntegerField(default=0)
    client_errors = models.PositiveBigIntegerField(default=0)
    server_errors = models.PositiveBigIntegerField(default=0)
    throttled = models.PositiveBigIntegerField(default=0)
    sent = models.PositiveBigIntegerField(default=0)
    latencies = models.JSONField()

    class Meta:
        ordering = ("minute",)
        constraints = [
            models.UniqueConstraint(fields=["deployment", "minute"], name="one_count_a_minute"),
        ]
        indexes = [models.Index(fields=["minute"], name="count_retention")]

    def __str__(self) -> str:
        return f"{self.deployment_id} at {self.minute}: {self.requests}"
