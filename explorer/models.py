"""What the explorer remembers: requests sent and saved, and the steps of the guided tour."""

from django.conf import settings
from django.db import models


class SentRequest(models.Model):
    """One executed request of one person, for their history. `sealed` is the encrypted draft: searches name patients."""

    deployment = models.ForeignKey("deployments.Deployment", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    sent = models.DateTimeField(auto_now_add=True)
    method = models.CharField(max_length=7)
    operation = models.CharField(max_length=80)
    resource_type = models.CharField(max_length=64, blank=True)
    status = models.PositiveSmallIntegerField()
    duration = models.FloatField(help_text="Milliseconds.")
    credential = models.CharField(max_length=80, blank=True)
    trace_id = models.CharField(max_length=16, blank=True)
    sealed = models.TextField()

    class Meta:
        ordering = ("-pk",)
        indexes = [models.Index(fields=["deployment", "user", "-id"], name="explorer_sent_of_user")]

    def __str__(self) -> str:
        return f"{self.method} {self.resource_type} {self.operation}: {self.status}"


class SavedRequest(models.Model):
    """A request that a person keeps by name, for themselves or for all of the tenant. `sealed` is the encrypted draft."""

    deployment = models.ForeignKey("deployments.Deployment", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    shared = models.BooleanField(default=False)
    resource_type = models.CharField(max_length=64, blank=True)
    saved = models.DateTimeField(auto_now=True)
    sealed = models.TextField()

    class Meta:
        ordering = ("name", "pk")
        constraints = [
            models.UniqueConstraint(fields=["deployment", "user", "name"], name="one_saved_request_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class TourStep(models.Model):
    """A step of the guided tour that the server saw a person take."""

    deployment = models.ForeignKey("deployments.Deployment", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    step = models.CharField(max_length=20)
    seen = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["deployment", "user", "step"], name="one_tick_per_tour_step"),
        ]

    def __str__(self) -> str:
        return self.step
