"""Answers of the Management API, kept for requests that are sent twice (portal.api.idempotency)."""

from django.db import models


class KeptAnswer(models.Model):
    """`owner` is who sent the key; `status` is None while the request is under way; `content` is encrypted JSON."""

    owner = models.CharField(max_length=40)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    content = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="one_answer_per_key_and_owner")]

    def __str__(self) -> str:
        return f"answer to {self.owner}"
