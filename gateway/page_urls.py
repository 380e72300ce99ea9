"""`/deployments/<id>/logs/…` and `/deployments/<id>/metrics/`"""

from django.urls import path

from gateway.views import logs, metrics

app_name = "logs"
urlpatterns = [
    path("logs/", logs.index, name="index"),
    path("logs/export/", logs.export_log, name="export"),
    path("logs/audit-events/", logs.export_audit_events, name="audit-events"),
    path("logs/audit-events/keep/", logs.keep_events, name="keep-events"),
    path("logs/<slug:trace_id>/", logs.trace, name="trace"),
    path("metrics/", metrics.index, name="metrics"),
]
