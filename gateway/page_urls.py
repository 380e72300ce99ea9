"""`/deployments/<id>/logs/…` and `/deployments/<id>/metrics/`"""

from django.urls import path

from gateway.views import logs, metrics

app_name = "logs"
urlpatterns = [
    path("logs/", logs.index, name="index"),
    path("logs/<slug:trace_id>/", logs.trace, name="trace"),
    path("metrics/", metrics.index, name="metrics"),
]
