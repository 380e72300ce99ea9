"""What the explorer remembers: requests sent and saved, and the steps of the guided tour."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.crypto import get_random_string

from portal.models import User


def _one_target(name: str) -> models.CheckConstraint:
    """A request is either of a deployment or of a server elsewhere."""
    ours = Q(deployment__isnull=False, server__isnull=True)
    theirs = Q(deployment__isnull=True, server__isnull=False)
    return models.CheckConstraint(condition=ours | theirs, name=name)


class SentRequest(models.Model):
    """One executed request of one person, for their history. `sealed` is the encrypted draft: searches name patients."""

    deployment = models.ForeignKey(
        "deployments.Deployment", on_delete=models.CASCADE, related_name="+", null=True
    )
    server = models.ForeignKey("ForeignServer", on_delete=models.CASCADE, related_name="+", null=True)
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
        indexes = [
            models.Index(fields=["deployment", "user", "-id"], name="explorer_sent_of_user"),
            models.Index(fields=["server", "user", "-id"], name="explorer_sent_elsewhere"),
        ]
        constraints = [_one_target("sent_request_has_one_target")]

    def __str__(self) -> str:
        return f"{self.method} {self.resource_type} {self.operation}: {self.status}"


class SavedRequest(models.Model):
    """A request that a person keeps by name, for themselves or for all of the tenant. `sealed` is the encrypted draft."""

    deployment = models.ForeignKey(
        "deployments.Deployment", on_delete=models.CASCADE, related_name="+", null=True
    )
    server = models.ForeignKey("ForeignServer", on_delete=models.CASCADE, related_name="+", null=True)
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
            models.UniqueConstraint(fields=["server", "user", "name"], name="one_saved_elsewhere_a_name"),
            _one_target("saved_request_has_one_target"),
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


class Scheme(models.TextChoices):
    """How a server outside is told who asks."""

    NONE = "none", "No authorization"
    BEARER = "bearer", "Bearer token"
    BASIC = "basic", "User name and password (basic)"
    HEADER = "header", "API key in a header"
    CLIENT = "client", "OAuth 2.0 client credentials"


def new_server_id() -> str:
    return get_random_string(12, "abcdefghijkmnpqrstuvwxyz23456789")


class ForeignServer(models.Model):
    """A FHIR server elsewhere that a person explores by its base URL (without trailing slash).

    `shared_with`: the tenant whose members explore it too, each with credentials of their own; None: nobody else.
    """

    id = models.CharField(max_length=12, primary_key=True, default=new_server_id, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    base = models.CharField(max_length=500)
    shared_with = models.ForeignKey("portal.Tenant", on_delete=models.CASCADE, related_name="+", null=True)
    format = models.CharField(max_length=4, choices=[("json", "JSON"), ("xml", "XML")], default="json")
    opened = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-opened",)
        constraints = [models.UniqueConstraint(fields=["user", "base"], name="one_server_a_base_and_person")]

    def __str__(self) -> str:
        return self.base

    # What its pages extend, in the place of a deployment's shell.
    base_template = "explorer/foreign_base.html"
    authorize_template = "explorer/foreign_authorize.html"
    schemes = Scheme.choices
    # Who looks at it now: set when it is loaded for somebody.
    explored_by: User

    @property
    def name(self) -> str:
        """Host and path, as people call it."""
        return self.base.partition("://")[2]


class ServerCredential(models.Model):
    """One of the credentials that a person has for a server elsewhere; nobody else ever uses it.

    `sealed` is the encrypted token, `user:password`, or key; `header` names the header of an API key. `client` is the encrypted
    `portal.oauth_client.Client` that fetches the token anew; `expires` is the token's end.
    """

    server = models.ForeignKey(ForeignServer, on_delete=models.CASCADE, related_name="credentials")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    scheme = models.CharField(max_length=6, choices=Scheme.choices)
    header = models.CharField(max_length=60, blank=True)
    sealed = models.TextField()
    client = models.TextField(blank=True)
    scope = models.CharField(max_length=2000, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    expires = models.DateTimeField(null=True)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name
