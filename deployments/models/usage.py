"""What is charged: a row for each day on which a deployment ran, was asked or stored something, kept when the deployment is gone."""

from django.db import models


class RunningDay(models.Model):
    """How many hours of a day (UTC) a deployment served, in part or whole, on these terms. `last` is the beginning of the last of them.

    `price` is what an hour cost then, in cents: a later change of prices leaves statements as they are.
    """

    tenant = models.ForeignKey("portal.Tenant", on_delete=models.CASCADE, related_name="+")
    deployment_id = models.CharField(max_length=12)
    name = models.CharField(max_length=50)
    size = models.CharField(max_length=20)
    high_availability = models.BooleanField(default=False)
    price = models.PositiveIntegerField()
    day = models.DateField()
    hours = models.PositiveSmallIntegerField(default=0)
    last = models.DateTimeField()

    class Meta:
        ordering = ("day",)
        constraints = [
            models.UniqueConstraint(
                fields=["deployment_id", "day", "name", "size", "high_availability", "price"],
                name="one_row_a_day_and_terms",
            ),
        ]
        indexes = [models.Index(fields=["tenant", "day"], name="running_days_of_tenant")]

    def __str__(self) -> str:
        return f"{self.name} on {self.day}: {self.hours} hours"


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
