"""The URL table. Each app owns its own paths; this file only says where they hang."""

from django.urls import include, path

from config import health
from explorer.views.opening import explore

urlpatterns = [
    path("auth/", include("smart.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("deployments/<slug:deployment_id>/api/", include("explorer.urls")),
    path("deployments/<slug:deployment_id>/data/records/", include("explorer.record_urls")),
    path("explore/<str:resource_type>/", explore, name="explore"),
    path("servers/", include("explorer.server_urls", namespace="servers")),
    path("operator/", include("deployments.operator_urls")),
    path("deployments/", include("deployments.urls")),
    path("deployments/<slug:deployment_id>/oauth/", include("smart.page_urls")),
    path("deployments/<slug:deployment_id>/credentials/", include("credentials.urls")),
    path("deployments/<slug:deployment_id>/", include("gateway.page_urls")),
    path("", include("gateway.urls")),
    path("api/v1/", include("config.api_urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("portal.urls")),
]

handler400 = "portal.views.errors.bad_request"
handler403 = "portal.views.errors.permission_denied"
handler404 = "portal.views.errors.page_not_found"
handler500 = "portal.views.errors.server_error"
