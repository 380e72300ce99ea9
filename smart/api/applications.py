"""OAuth applications of a deployment's integrated authorization server."""

from datetime import timedelta

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from credentials.api.serializers import RotationSerializer
from credentials.models import ApplicationKind, OAuthApplication
from deployments.api.access import deployment_for
from deployments.models import Deployment
from portal import audit
from portal.api.access import caller
from portal.api.base import ApiListView, ApiView, read_body
from portal.models import Role
from smart import applications
from smart.api.serializers import ApplicationSerializer, NewApplicationSerializer, SwitchSerializer
from smart.applications import Registration
from smart.servers import integrated_server, list_applications

_EXAMPLE = OpenApiExample(
    "A browser application for patients",
    {
        "name": "Growth chart",
        "kind": "public",
        "redirect_uris": ["https://app.example/callback"],
        "allowed_scopes": "launch/patient openid fhirUser patient/Observation.rs",
    },
    request_only=True,
)


def _get(request: Request, deployment_id: str, application_id: int, role: Role) -> OAuthApplication:
    deployment = deployment_for(request, deployment_id, role)
    return get_object_or_404(list_applications(deployment), pk=application_id)


def _registration(request: Request) -> Registration:
    asked = read_body(ApplicationSerializer, request)
    return Registration(**{**asked, "kind": ApplicationKind(asked["kind"])})


def _note(request: Request, deployment: Deployment, change: str, application: OAuthApplication) -> None:
    target = f"{deployment.name}: {application}"
    audit.record(f"oauth.{change}", tenant=deployment.tenant, actor=caller(request), target=target)


def _with_secret(application: OAuthApplication, text: str, code: int) -> Response:
    return Response({**ApplicationSerializer(application).data, "client_secret": text}, status=code)


class ApplicationList(ApiListView[OAuthApplication]):
    @extend_schema(operation_id="applications_list", responses=ApplicationSerializer(many=True))
    def get(self, request: Request, deployment_id: str) -> Response:
        """The deployment's applications, by name."""
        deployment = deployment_for(request, deployment_id, Role.READ)
        return self.page_of(list_applications(deployment), ApplicationSerializer)

    @extend_schema(
        operation_id="applications_create",
        request=ApplicationSerializer,
        responses={201: NewApplicationSerializer},
        examples=[_EXAMPLE],
    )
    def post(self, request: Request, deployment_id: str) -> Response:
        """Register an application at the integrated server. Its secret is in this answer only. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        asked = _registration(request)
        made, secret = applications.create_application(
            integrated_server(deployment), asked, by=caller(request)
        )
        _note(request, deployment, "application_created", made)
        return _with_secret(made, secret, status.HTTP_201_CREATED)


class ApplicationDetail(ApiView):
    @extend_schema(responses=ApplicationSerializer)
    def get(self, request: Request, deployment_id: str, application_id: int) -> Response:
        """One application."""
        return Response(ApplicationSerializer(_get(request, deployment_id, application_id, Role.READ)).data)

    @extend_schema(request=ApplicationSerializer, responses=ApplicationSerializer)
    def put(self, request: Request, deployment_id: str, application_id: int) -> Response:
        """Change everything but the client id. Needs the role admin."""
        application = _get(request, deployment_id, application_id, Role.ADMIN)
        applications.update_application(application, _registration(request))
        _note(request, application.server.deployment, "application_changed", application)
        return Response(ApplicationSerializer(application).data)

    @extend_schema(request=SwitchSerializer, responses=ApplicationSerializer)
    def patch(self, request: Request, deployment_id: str, application_id: int) -> Response:
        """Switch it on or off. Needs the role admin."""
        application = _get(request, deployment_id, application_id, Role.ADMIN)
        applications.set_application_enabled(application, **read_body(SwitchSerializer, request))
        _note(request, application.server.deployment, "application_switched", application)
        return Response(ApplicationSerializer(application).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, deployment_id: str, application_id: int) -> Response:
        """Delete it, and all its tokens with it. Needs the role admin."""
        application = _get(request, deployment_id, application_id, Role.ADMIN)
        _note(request, application.server.deployment, "application_deleted", application)
        application.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class ApplicationRotate(ApiView):
    @extend_schema(request=RotationSerializer, responses=NewApplicationSerializer)
    def post(self, request: Request, deployment_id: str, application_id: int) -> Response:
        """A second client secret; the old one works for `overlap_hours` more. Needs the role admin."""
        application = _get(request, deployment_id, application_id, Role.ADMIN)
        overlap = timedelta(hours=read_body(RotationSerializer, request)["overlap_hours"])
        text = applications.rotate_client_secret(application, overlap=overlap)
        _note(request, application.server.deployment, "secret_rotated", application)
        again = _get(request, deployment_id, application_id, Role.ADMIN)
        return _with_secret(again, text, status.HTTP_200_OK)
