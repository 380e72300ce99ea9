"""What the operator switched off in this installation."""

from django.db import models


class FeatureSwitch(models.Model):
    """`name` is one of `portal.features`; what has no row is on."""

    name = models.SlugField(primary_key=True, max_length=40)
    on = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.name}: {'on' if self.on else 'off'}"
