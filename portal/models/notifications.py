"""What was told to a tenant, to whom, and how each delivery went."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.secrets import EncryptedTextField


class Webhook(models.Model):
    """An address of the tenant's own that is told what happens. `kinds` are `portal.notifications.NoticeKind` values; empty means all.

    `secret` signs each delivery (`portal.notifications.signing`); it is shown once, when it is made.
    """

    tenant = models.ForeignKey("portal.Tenant", on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=500)
    secret = EncryptedTextField(editable=False)
    kinds = models.JSONField(default=list, blank=True)
    enabled = models.BooleanField(default=True)
    created = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ("created", "pk")

    def __str__(self) -> str:
        return self.url


class Notification(models.Model):
    """Something that happened. `once` names it within the tenant, so that it is told once; `facts` are for programs."""

    tenant = models.ForeignKey("portal.Tenant", on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    facts = models.JSONField(default=dict, blank=True)
    once = models.CharField(max_length=120, blank=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created", "-pk")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "once"], condition=~Q(once=""), name="notification_told_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.subject}"


class DeliveryState(models.TextChoices):
    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


class Delivery(models.Model):
    """One notification to one target: a webhook, or a mail address (`is_mail`).

    `target` keeps the address when the webhook is gone. `answer` is the webhook's status, None before there is one.
    """

    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="deliveries")
    webhook = models.ForeignKey(Webhook, null=True, on_delete=models.SET_NULL, related_name="deliveries")
    is_mail = models.BooleanField(default=False)
    target = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt = models.DateTimeField(default=timezone.now)
    answer = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)
    created = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created", "-pk")
        indexes = [models.Index(fields=["state", "next_attempt"], name="delivery_due")]

    def __str__(self) -> str:
        return f"{self.notification.kind} to {self.target}: {self.state}"
