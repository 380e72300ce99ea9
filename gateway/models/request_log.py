"""One line for each FHIR request. Bodies and secrets are never stored; queries are, encrypted: searches name patients."""

import json
from typing import Any

from django.db import models

from deployments.models import Deployment
from portal import secrets


class RequestLog(models.Model):
    """Written by `gateway.recorder`. Not bound to its deployment by the database, because lines are written late.

    `duration` is in microseconds from arrival to the last byte, `sent` in bytes. `reason` is a `gateway.door.Reason`.
    `claims` is a JSON list of what the door checked, for denials. `needed` is the smallest permission that would have let
    a request with status 403 pass (`Observation.s`). `patient` is the logical id of the patient whom the request names
    (gateway.patients). `decision_time` and `statement_time` are microseconds of `duration`: at the door, and in the
    `statements` that the region's store ran.
    """

    time = models.DateTimeField()
    trace_id = models.CharField(max_length=16)
    deployment = models.ForeignKey(
        Deployment, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="request_logs"
    )
    credential_kind = models.CharField(max_length=10, blank=True)
    credential = models.CharField(max_length=80, blank=True)
    credential_name = models.CharField(max_length=80, blank=True)
    interaction = models.CharField(max_length=40, blank=True)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=300, blank=True)
    query_encrypted = models.TextField(blank=True)
    status = models.PositiveSmallIntegerField()
    duration = models.PositiveIntegerField()
    sent = models.BigIntegerField()
    address = models.CharField(max_length=45, blank=True)
    reason = models.CharField(max_length=30)
    needed = models.CharField(max_length=120, blank=True)
    claims = models.TextField(blank=True)
    patient = models.CharField(max_length=64, blank=True)
    decision_time = models.PositiveIntegerField(default=0)
    statements = models.PositiveIntegerField(default=0)
    statement_time = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-time", "-pk")
        # One alone: each line is written into every one of them, and that is most of what the log costs. Lines are
        # found by trace id and by patient along it too (gateway.trace_ids.span_of, gateway.patient_blocks).
        indexes = [models.Index(fields=["deployment", "-time", "-id"], name="log_of_deployment")]

    def __str__(self) -> str:
        return f"{self.trace_id}: {self.method} {self.path} {self.status}"

    @property
    def query(self) -> str:
        """The query string as it was sent; raises portal.secrets.UnreadableSecret when its key is gone."""
        return secrets.decrypt(self.query_encrypted) if self.query_encrypted else ""

    @property
    def readable_query(self) -> str | None:
        """None when the key that it was encrypted with is not configured any more."""
        try:
            return self.query
        except secrets.UnreadableSecret:
            return None

    @property
    def milliseconds(self) -> float:
        return self.duration / 1000

    @property
    def denied(self) -> bool:
        return self.status in (401, 403, 429)

    def checked_claims(self) -> list[dict[str, Any]]:
        """Each {"name", "expected", "received", "passed"}."""
        return json.loads(self.claims) if self.claims else []
