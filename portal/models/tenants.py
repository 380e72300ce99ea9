"""Tenants and who belongs to them with which role."""

from django.conf import settings
from django.db import models


class Role(models.IntegerChoices):
    """Each role may do all that the ones before it may."""

    READ = 1, "Read"
    WRITE = 2, "Write"
    ADMIN = 3, "Admin"
    OWNER = 4, "Owner"


class Tenant(models.Model):
    """A team's own space: its deployments, members and subscription."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=60, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="tenants")

    class Meta:
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name


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
