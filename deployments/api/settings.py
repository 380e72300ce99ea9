"""A deployment's settings: which browser applications may call it, and what is said during maintenance."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import services
from deployments.api.access import deployment_for
from deployments.api.serializers import SettingsSerializer
from portal.api.access import caller
from portal.api.base import ApiView, read_body
from portal.models import Role


class Settings(ApiView):
    @extend_schema(responses=SettingsSerializer)
    def get(self, request: Request, deployment_id: str) -> Response:
        """The settings as they are."""
        return Response(SettingsSerializer(deployment_for(request, deployment_id, Role.READ)).data)

    @extend_schema(
        request=SettingsSerializer,
        responses=SettingsSerializer,
        examples=[
            OpenApiExample(
                "One browser application",
                {"allowed_origins": ["https://app.example"], "maintenance_message": ""},
                request_only=True,
            )
        ],
    )
    def patch(self, request: Request, deployment_id: str) -> Response:
        """Change what is given; the rest stays. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        asked = read_body(SettingsSerializer, request, partial=True)
        services.change_access_settings(
            deployment,
            asked.get("allowed_origins", deployment.allowed_origins),
            asked.get("maintenance_message", deployment.maintenance_message),
            by=caller(request),
        )
        return Response(SettingsSerializer(deployment).data)
