"""What the requests of keys needed on a day: a key's page compares a month of it with what the key may do."""

from django.db import models

from deployments.models import Deployment


class UsedRight(models.Model):
    """Requests with a key that succeeded (`gateway.used_rights`). `credential` is the key's prefix, `first` the first part of the path,
    `by_id` whether more followed it.
    """

    deployment = models.ForeignKey(
        Deployment, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    credential = models.CharField(max_length=80)
    day = models.DateField()
    interaction = models.CharField(max_length=40, blank=True)
    first = models.CharField(max_length=300, blank=True)
    by_id = models.BooleanField()
    status = models.PositiveSmallIntegerField()
    requests = models.PositiveBigIntegerField()
    last = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "credential", "day", "interaction", "first", "by_id", "status"],
                name="one_right_a_day",
            ),
        ]
        indexes = [models.Index(fields=["day"], name="right_days")]

    def __str__(self) -> str:
        return f"{self.credential} on {self.day}: {self.interaction} {self.first} {self.requests}"
