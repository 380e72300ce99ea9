"""OAuth applications of a deployment: of its integrated authorization server, and of identity providers."""

from dataclasses import replace
from datetime import timedelta

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from credentials.api.serializers import RotationSerializer
from credentials.models import ApplicationKind, AuthenticationServer, OAuthApplication
from deployments.api.access import deployment_for
from deployments.models import Deployment
from portal.api.access import caller
from portal.api.base import ApiListView, ApiView, answer_once, read_body
from portal.models import Role
from smart import applications
from smart.api.serializers import ApplicationSerializer, NewApplicationSerializer, SwitchSerializer
from smart.applications import Registration
from smart.servers import integrated_server, list_applications, list_servers
from smart.trail import note_change

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


def _asked(request: Request) -> tuple[Registration, int | None]:
    """What is asked for, and the number of the server that shall have it."""
    asked = read_body(ApplicationSerializer, request)
    server = asked.pop("server_id", None)
    return Registration(**{**asked, "kind": ApplicationKind(asked["kind"])}), server


def _server_of(deployment: Deployment, wanted: int | None) -> AuthenticationServer:
    if wanted is None:
        return integrated_server(deployment)
    server = list_servers(deployment).filter(pk=wanted).first()
    if server is None:
        raise ValidationError({"server": ["This deployment has no such authentication server."]})
    return server


def _check_client_id(asked: Registration, server: AuthenticationServer, has: str = "") -> None:
    """`has`: that of an application which there is already. The integrated server makes client ids itself."""
    settled = has if server.is_integrated or has else asked.client_id
    if asked.client_id and asked.client_id != settled:
        told = "It cannot be changed." if has else "The integrated server makes it: leave it out."
        raise ValidationError({"client_id": [told]})


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
        """Register an application, at the integrated server unless another is named. Its secret is in this answer only. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        asked, wanted = _asked(request)
        server = _server_of(deployment, wanted)
        _check_client_id(asked, server)
        made, secret = applications.create_application(server, asked, by=caller(request))
        note_change(deployment, "application_created", made, by=caller(request))
        return answer_once(ApplicationSerializer(made).data, status.HTTP_201_CREATED, client_secret=secret)


class ApplicationDetail(ApiView):
    @extend_schema(responses=ApplicationSerializer)
    def get(self, request: Request, deployment_id: str, application_id: int) -> Response:
        """One application."""
        return Response(ApplicationSerializer(_get(request, deployment_id, application_id, Role.READ)).data)

    @extend_schema(
        request=ApplicationSerializer,
        responses=ApplicationSerializer,
        examples=[
            OpenApiExample(
                "Another redirect URI",
                {
                    "name": "Growth chart",
                    "kind": "public",
                    "redirect_uris": ["https://app.example/back"],
                    "allowed_scopes": "launch/patient openid fhirUser patient/Observation.rs",
                },
                request_only=True,
            )
        ],
    )
    def put(self, request: Request, deployment_id: str, application_id: int) -> Response:
        """Change everything but the client id and the server. Needs the role admin."""
        application = _get(request, deployment_id, application_id, Role.ADMIN)
        asked, wanted = _asked(request)
        if wanted not in (None, application.server_id):
            raise ValidationError({"server": ["An application stays with its server."]})
        _check_client_id(asked, application.server, application.client_id)
        applications.update_application(application, replace(asked, client_id=application.client_id))
        note_change(application.server.deployment, "application_changed", application, by=caller(request))
        return Response(ApplicationSerializer(application).data)

    @extend_schema(
        request=SwitchSerializer,
        responses=ApplicationSerializer,
        examples=[OpenApiExample("Off", {"enabled": False}, request_only=True)],
    )
    def patch(self, request: Request, deployment_id: str, application_id: int) -> Response:
        """Switch it on or off. Needs the role admin."""
        application = _get(request, deployment_id, application_id, Role.ADMIN)
        applications.set_application_enabled(application, **read_body(SwitchSerializer, request))
        note_change(application.server.deployment, "application_switched", application, by=caller(request))
        return Response(ApplicationSerializer(application).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, deployment_id: str, application_id: int) -> Response:
        """Delete it, and all its tokens with it. Needs the role admin."""
        application = _get(request, deployment_id, application_id, Role.ADMIN)
        note_change(application.server.deployment, "application_deleted", application, by=caller(request))
        application.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


class ApplicationRotate(ApiView):
    @extend_schema(
        request=RotationSerializer,
        responses=NewApplicationSerializer,
        examples=[OpenApiExample("The old secret works for a day", {"overlap_hours": 24}, request_only=True)],
    )
    def post(self, request: Request, deployment_id: str, application_id: int) -> Response:
        """A second client secret; the old one works for `overlap_hours` more. Needs the role admin."""
        application = _get(request, deployment_id, application_id, Role.ADMIN)
        overlap = timedelta(hours=read_body(RotationSerializer, request)["overlap_hours"])
        text = applications.rotate_client_secret(application, overlap=overlap)
        note_change(application.server.deployment, "secret_rotated", application, by=caller(request))
        again = _get(request, deployment_id, application_id, Role.ADMIN)
        return answer_once(ApplicationSerializer(again).data, status.HTTP_200_OK, client_secret=text)


class ApplicationSecret(ApiView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, deployment_id: str, application_id: int, secret_id: int) -> Response:
        """End one of its secrets now, as after a rotation. Needs the role admin."""
        application = _get(request, deployment_id, application_id, Role.ADMIN)
        applications.end_client_secret(get_object_or_404(application.secrets, pk=secret_id))
        note_change(application.server.deployment, "secret_ended", application, by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
