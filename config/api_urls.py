"""The Management API's URL table: each app's part, the schema and its pages."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView

from portal.api.base import Nothing
from portal.api.reference import reference

urlpatterns = [
    path("", include("portal.api.urls")),
    path("", include("deployments.api.urls")),
    path("", include("credentials.api.urls")),
    path("", include("smart.api.urls")),
    path("", include("gateway.api.urls")),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", reference, name="api-docs"),
    re_path("", Nothing.as_view(), name="api-nothing"),
]
