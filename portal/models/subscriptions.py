"""What a tenant may use: a trial or a subscription of a service."""

from django.db import models


class Plan(models.TextChoices):
    TRIAL = "trial", "Trial"
    STANDARD = "standard", "Standard"


class Subscription(models.Model):
    """A tenant's plan for one service.

    `expires` is set for trials only; `warned_days` is the last warning that was mailed before it (7, 1, 0).
    """

    tenant = models.ForeignKey("portal.Tenant", on_delete=models.CASCADE, related_name="subscriptions")
    service = models.SlugField(max_length=40)
    plan = models.CharField(max_length=12, choices=Plan.choices)
    started = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField(null=True, blank=True)
    warned_days = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("service",)
        constraints = [
            models.UniqueConstraint(fields=["tenant", "service"], name="one_subscription_per_service"),
        ]

    def __str__(self) -> str:
        return f"{self.tenant}: {self.service} ({self.plan})"


class SettledMonth(models.Model):
    """A tenant's month that was given to the payment provider. `start` is its first day, `total` in cents."""

    tenant = models.ForeignKey("portal.Tenant", on_delete=models.CASCADE, related_name="settled_months")
    start = models.DateField()
    total = models.PositiveBigIntegerField()
    settled = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-start",)
        constraints = [models.UniqueConstraint(fields=["tenant", "start"], name="month_settled_once")]

    def __str__(self) -> str:
        return f"{self.tenant}: {self.start:%Y-%m}"
