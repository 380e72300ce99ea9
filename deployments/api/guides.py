"""A deployment's implementation guides, and which profiles writes must meet."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import guide_services
from deployments.api import serializers
from deployments.api.access import deployment_for
from deployments.api.answers import job_begun
from deployments.api.serializers import JobSerializer
from portal.api.access import caller
from portal.api.base import ApiView, read_body
from portal.models import Role


class Guides(ApiView):
    @extend_schema(responses=serializers.GuidesSerializer)
    def get(self, request: Request, deployment_id: str) -> Response:
        """The installed guides, and how writes are checked."""
        shown = guide_services.get_guides(deployment_for(request, deployment_id, Role.READ))
        return Response(serializers.GuidesSerializer(shown).data)

    @extend_schema(
        request=serializers.GuidePackageSerializer,
        responses={202: JobSerializer},
        examples=[
            OpenApiExample(
                "A package",
                {"upload": "upload-0f3a9c1e5b7d2468", "filename": "hl7.fhir.us.core.tgz"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, deployment_id: str) -> Response:
        """Install an uploaded package (`.tgz`): a job. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        asked = read_body(serializers.GuidePackageSerializer, request)
        return job_begun(
            guide_services.install_upload(deployment, asked["upload"], asked["filename"], by=caller(request))
        )

    @extend_schema(
        request=serializers.GuideWritesSerializer,
        responses=serializers.GuidesSerializer,
        examples=[
            OpenApiExample("Also one of the guides' profiles", {"writes": "enforced"}, request_only=True)
        ],
    )
    def patch(self, request: Request, deployment_id: str) -> Response:
        """Which profiles a resource has to meet to be stored. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        writes = read_body(serializers.GuideWritesSerializer, request)["writes"]
        guide_services.change_writes(deployment, writes, by=caller(request))
        return Response(serializers.GuidesSerializer(guide_services.get_guides(deployment)).data)


class GuideDetail(ApiView):
    @extend_schema(responses={202: JobSerializer})
    def delete(self, request: Request, deployment_id: str, name: str) -> Response:
        """Remove a guide with what it brought: a job. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        return job_begun(guide_services.remove_guide(deployment, name, by=caller(request)))


class Reindex(ApiView):
    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, deployment_id: str) -> Response:
        """Index what is stored by the parameters of the guides anew: a job. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        return job_begun(guide_services.index_again(deployment, by=caller(request)))
