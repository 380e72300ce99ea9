"""`/fhir/<id>/r4/…`: one view, whose paths are the engine's matter."""

from django.urls import re_path

from gateway.endpoint_view import fhir

app_name = "gateway"
urlpatterns = [re_path(r"^fhir/(?P<path>.*)$", fhir, name="fhir")]
