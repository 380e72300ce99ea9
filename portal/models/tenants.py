"""Tenants, who belongs to them with which role, and who is invited."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

INVITATION_LIFE = timedelta(days=7)


class Role(models.IntegerChoices):
    """Each role may do all that the ones before it may."""

    READ = 1, "Read"
    WRITE = 2, "Write"
    ADMIN = 3, "Admin"
    OWNER = 4, "Owner"


class Tenant(models.Model):
    """A team's own space: its deployments, members and subscription.

    `deleted` is when its owner deleted it: it is hidden at once and removed after a grace period.
    """

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    deleted = models.DateTimeField(null=True, blank=True)
    requires_mfa = models.BooleanField(default=False)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="tenants")

    class Meta:
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name

    @property
    def is_active(self) -> bool:
        return self.deleted is None


class Membership(models.Model):
    """One user's role in one tenant."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.PositiveSmallIntegerField(choices=Role.choices, default=Role.READ)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-role", "created")
        constraints = [
            models.UniqueConstraint(fields=["tenant", "user"], name="one_membership_per_user_and_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.tenant}: {self.get_role_display()}"

    def may(self, role: Role) -> bool:
        return self.role >= role


class Invitation(models.Model):
    """A PENDING member: who was asked to join with which role. Only the hash of the mailed secret is kept.

    The row is deleted when it is accepted (a Membership, ACTIVE, takes its place) or withdrawn.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.PositiveSmallIntegerField(choices=Role.choices, default=Role.READ)
    secret_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    sent = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("sent",)
        constraints = [
            models.UniqueConstraint(fields=["tenant", "email"], name="one_invitation_per_email_and_tenant"),
        ]

    def __str__(self) -> str:
        return f"{self.email} invited to {self.tenant}"

    @property
    def expires(self) -> datetime:
        return self.sent + INVITATION_LIFE

    @property
    def is_expired(self) -> bool:
        return timezone.now() >= self.expires
