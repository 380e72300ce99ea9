"""The request log's part of /api/v1/."""

from django.urls import path

from gateway.api import logs, metrics

app_name = "gateway-api"

one = "deployments/<slug:deployment_id>/"
urlpatterns = [
    path(f"{one}metrics/", metrics.Metrics.as_view(), name="metrics"),
    path(f"{one}metrics/measured/", metrics.Measured.as_view(), name="measured"),
    path(f"{one}logs/export/", logs.LogExport.as_view(), name="log-export"),
    path(f"{one}audit-events/", logs.AuditEventExport.as_view(), name="audit-events"),
    path(f"{one}audit-events/keeping/", logs.AuditKeeping.as_view(), name="audit-keeping"),
    path(f"{one}logs/", logs.LogList.as_view(), name="logs"),
    path(f"{one}logs/<slug:trace_id>/", logs.LogDetail.as_view(), name="log"),
]
