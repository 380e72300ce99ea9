"""`/fhir/<id>/r4/…`: one view, whose paths are the engine's matter; and the operator's `/metrics`."""

from django.urls import path, re_path

from gateway.endpoint_view import fhir
from gateway.views.operator_metrics import metrics

app_name = "gateway"
urlpatterns = [
    re_path(r"^fhir/(?P<path>.*)$", fhir, name="fhir"),
    path("metrics", metrics, name="operator-metrics"),
]
