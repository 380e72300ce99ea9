"""What every count of requests keeps: how many, how they ended, how long they took."""

from django.db import models

# Upper ends in milliseconds; the last bucket has none.
LATENCY_BUCKETS = (1, 2, 3, 5, 8, 12, 20, 35, 60, 100, 200, 400, 1000, 3000, 10_000)
# Whose sums are those of the parts; latencies are added up number by number.
ADDED = ("requests", "client_errors", "server_errors", "throttled", "sent")


class Counted(models.Model):
    """`latencies` counts answers by the buckets of LATENCY_BUCKETS and one more for all that took longer."""

    requests = models.PositiveBigIntegerField(default=0)
    client_errors = models.PositiveBigIntegerField(default=0)
    server_errors = models.PositiveBigIntegerField(default=0)
    throttled = models.PositiveBigIntegerField(default=0)
    sent = models.PositiveBigIntegerField(default=0)
    latencies = models.JSONField()

    class Meta:
        abstract = True
