"""Plans and prices as data: the operator changes them on a page. Amounts are in cents (euro), so that sums stay exact."""

from django.core.validators import MinValueValidator
from django.db import models

from portal.models.subscriptions import Plan

HOURS_A_MONTH = 730


class PlanTerms(models.Model):
    """What a plan allows. `days`: how long it lasts, `deployments`: the most at a time; None for no limit in either.

    `sizes`: the codes of those allowed, empty for all. `log_days`: how long the log of requests is kept.
    """

    plan = models.CharField(primary_key=True, max_length=12, choices=Plan.choices)
    days = models.PositiveSmallIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    deployments = models.PositiveSmallIntegerField(null=True, blank=True)
    sizes = models.JSONField(default=list, blank=True)
    high_availability = models.BooleanField(default=False)
    log_days = models.PositiveSmallIntegerField(validators=[MinValueValidator(1)])

    class Meta:
        ordering = ("plan",)

    def __str__(self) -> str:
        return self.get_plan_display()


class SizePrice(models.Model):
    """The price of one running hour of a size, without and with high availability."""

    size = models.SlugField(primary_key=True, max_length=20)
    title = models.CharField(max_length=40)
    hour = models.PositiveIntegerField()
    hour_highly_available = models.PositiveIntegerField()
    suits = models.CharField(max_length=120, blank=True)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("position",)

    def __str__(self) -> str:
        return self.title

    @property
    def month(self) -> int:
        """Cents for a month of 730 hours."""
        return self.hour * HOURS_A_MONTH

    @property
    def month_highly_available(self) -> int:
        return self.hour_highly_available * HOURS_A_MONTH


class Rate(models.Model):
    """The price of something that every deployment uses: `unit` for `cents`."""

    class Name(models.TextChoices):
        STORAGE = "storage", "Storage"
        REQUESTS = "requests", "Requests"

    name = models.CharField(primary_key=True, max_length=20, choices=Name.choices)
    unit = models.CharField(max_length=40)
    cents = models.PositiveIntegerField()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return f"{self.get_name_display()}: {self.cents} cents a {self.unit}"
