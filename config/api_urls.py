"""The Management API's URL table: each app's part, the schema and its pages."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from portal.api.reference import reference

urlpatterns = [
    path("", include("portal.api.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", reference, name="api-docs"),
]
