"""What is charged: one row for each hour in which a deployment ran, kept when the deployment is gone."""

from django.db import models


class RunningHour(models.Model):
    """An hour, in part or whole, in which a deployment served. `hour` is its beginning in UTC.

    `price` is what the hour cost then, in cents: a later change of prices leaves statements as they are.
    """

    tenant = models.ForeignKey("portal.Tenant", on_delete=models.CASCADE, related_name="+")
    deployment_id = models.CharField(max_length=12)
    name = models.CharField(max_length=50)
    size = models.CharField(max_length=20)
    high_availability = models.BooleanField(default=False)
    price = models.PositiveIntegerField(default=0)
    hour = models.DateTimeField()

    class Meta:
        ordering = ("hour",)
        constraints = [
            models.UniqueConstraint(fields=["deployment_id", "hour"], name="one_row_an_hour_and_deployment"),
        ]
        # It holds all that a statement asks for: a month of 200 deployments is 150,000 rows.
        indexes = [
            models.Index(
                fields=["tenant", "hour", "name", "size", "price", "high_availability"],
                name="usage_of_tenant",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} on {self.hour:%Y-%m-%d %H:00}"


class UsageDay(models.Model):
    """What one deployment used on a day (UTC): its requests, and how much it stored; kept when the deployment is gone.

    `stored_bytes` and `resources` are None until they are measured, once a day. Prices are those of that day, in cents: of a
    million requests, and of a GiB for a month.
    """

    tenant = models.ForeignKey("portal.Tenant", on_delete=models.CASCADE, related_name="+")
    deployment_id = models.CharField(max_length=12)
    name = models.CharField(max_length=50)
    day = models.DateField()
    requests = models.PositiveBigIntegerField(default=0)
    stored_bytes = models.PositiveBigIntegerField(null=True)
    resources = models.PositiveBigIntegerField(null=True)
    request_price = models.PositiveIntegerField()
    storage_price = models.PositiveIntegerField()

    class Meta:
        ordering = ("day",)
        constraints = [
            models.UniqueConstraint(fields=["deployment_id", "day"], name="one_row_a_day_and_deployment"),
        ]
        indexes = [models.Index(fields=["tenant", "day"], name="usage_days_of_tenant")]

    def __str__(self) -> str:
        return f"{self.name} on {self.day}"
