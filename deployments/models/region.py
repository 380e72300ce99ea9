"""Where FHIR data lives. Regions come from FIRESIDE_REGIONS and are synchronised after each migration."""

from django.db import models


class Region(models.Model):
    """A provider's place with a store of its own. `database` is the alias of that store's connection.

    `enabled`: it is configured. `closed`: the operator takes no new deployments into it.
    """

    name = models.SlugField(max_length=40, unique=True)
    title = models.CharField(max_length=80)
    provider = models.CharField(max_length=80, default="This machine")
    database = models.CharField(max_length=60)
    highly_available = models.BooleanField(default=False)
    enabled = models.BooleanField(default=True)
    closed = models.BooleanField(default=False)

    class Meta:
        ordering = ("provider", "title")

    def __str__(self) -> str:
        return f"{self.provider} / {self.title}"

    @property
    def is_open(self) -> bool:
        return self.enabled and not self.closed
