"""Work done outside a request. The row is the truth; a message in the broker only names it (docs/adr/0002)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone


class JobState(models.TextChoices):
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Job(models.Model):
    """One piece of background work with its lease, attempts, steps and progress.

    `steps` is a list of {"name", "title", "state", "done", "total", "detail"}: what a person sees while it runs.
    `lease_until` is, while RUNNING, when the worker counts as dead, and while QUEUED, when the message counts as lost.
    """

    kind = models.CharField(max_length=40)
    deployment = models.ForeignKey("deployments.Deployment", on_delete=models.CASCADE, related_name="jobs")
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    arguments = models.JSONField(default=dict, blank=True)
    steps = models.JSONField(default=list, blank=True)
    result = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    lease_holder = models.CharField(max_length=32, blank=True)
    cancel_requested = models.BooleanField(default=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.DateTimeField(auto_now_add=True)
    started = models.DateTimeField(null=True)
    finished = models.DateTimeField(null=True)
    # Not stored: whether this worker took it over from one that died.
    was_left = False

    class Meta:
        ordering = ("-created", "-pk")
        indexes = [
            models.Index(fields=["state", "lease_until"], name="job_sweep"),
            models.Index(fields=["deployment", "-created", "-id"], name="jobs_of_deployment"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.deployment_id}: {self.state}"

    @property
    def is_open(self) -> bool:
        """Whether there is still work to do."""
        return self.state in (JobState.QUEUED, JobState.RUNNING)

    @property
    def current_step(self) -> dict[str, Any] | None:
        """The step that is being worked on, or the next one."""
        return next((step for step in self.steps if step["state"] != JobState.DONE), None)


class PeriodicRun(models.Model):
    """When a piece of periodic work is due next. Whoever moves `due` forward is the one who does it."""

    name = models.CharField(primary_key=True, max_length=60)
    due = models.DateTimeField(default=timezone.now)
    ran = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} due {self.due:%Y-%m-%d %H:%M:%S}"
