"""A deployment's settings: which browser applications may call it, what is said during maintenance, its own limits."""

from django.db import transaction
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import services
from deployments.api.access import deployment_for
from deployments.api.serializers import SettingsSerializer
from deployments.upstream_credentials import seal_header
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
        given, by = SettingsSerializer(deployment).data | asked, caller(request)
        sealed = seal_header(asked["upstream_credential"]) if "upstream_credential" in asked else None
        with transaction.atomic():
            if asked.keys() & {"allowed_origins", "maintenance_message"}:
                services.change_access_settings(
                    deployment, given["allowed_origins"], given["maintenance_message"], by=by
                )
            if asked.keys() & {"requests_per_second", "largest_body"}:
                services.change_limits(deployment, given["requests_per_second"], given["largest_body"], by=by)
        if sealed is not None:
            services.change_upstream_credential(deployment, sealed, by=by)
        return Response(SettingsSerializer(deployment).data)
