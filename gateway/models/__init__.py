"""The log of FHIR requests, and the counts that the metrics page draws."""

from gateway.models.audit_keeping import AuditKeeping
from gateway.models.counted import ADDED, LATENCY_BUCKETS
from gateway.models.minute_count import MinuteCount
from gateway.models.patient_block import PatientBlock
from gateway.models.request_log import RequestLog
from gateway.models.totals import CredentialDay, CredentialHour, DeploymentTotal, HourCount
from gateway.models.used_right import UsedRight

__all__ = [
    "ADDED",
    "LATENCY_BUCKETS",
    "AuditKeeping",
    "CredentialDay",
    "CredentialHour",
    "DeploymentTotal",
    "HourCount",
    "MinuteCount",
    "PatientBlock",
    "RequestLog",
    "UsedRight",
]
