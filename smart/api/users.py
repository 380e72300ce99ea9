"""People of a deployment's integrated authorization server: patients and clinicians."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from credentials.models import ServerUser
from deployments.api.access import deployment_for
from deployments.models import Deployment
from portal.api.access import caller
from portal.api.base import ApiListView, ApiView, answer_once, read_body
from portal.models import Role
from smart import users
from smart.api.serializers import (
    NewServerUserSerializer,
    ServerUserChangeSerializer,
    ServerUserSerializer,
)
from smart.trail import note_change

_EXAMPLE = OpenApiExample(
    "A patient",
    {
        "username": "ida",
        "name": "Ida Holm",
        "email": "ida@example.org",
        "fhir_user": "Patient/123",
    },
    request_only=True,
)


def _get(deployment: Deployment, user_id: int) -> ServerUser:
    return get_object_or_404(ServerUser, pk=user_id, deployment=deployment)


class ServerUserList(ApiListView[ServerUser]):
    @extend_schema(operation_id="users_list", responses=ServerUserSerializer(many=True))
    def get(self, request: Request, deployment_id: str) -> Response:
        """The people who may sign in at the integrated authorization server, by user name."""
        deployment = deployment_for(request, deployment_id, Role.READ)
        return self.page_of(users.list_users(deployment), ServerUserSerializer)

    @extend_schema(
        operation_id="users_create",
        request=ServerUserSerializer,
        responses={201: NewServerUserSerializer},
        examples=[_EXAMPLE],
    )
    def post(self, request: Request, deployment_id: str) -> Response:
        """Make a user and the link by which a password is set. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        user = users.create_user(deployment, **read_body(ServerUserSerializer, request))
        note_change(deployment, "user_created", user.username, by=caller(request))
        return _with_link(user, status.HTTP_201_CREATED)


def _with_link(user: ServerUser, code: int) -> Response:
    return answer_once(ServerUserSerializer(user).data, code, link=users.send_password_link(user))


class ServerUserDetail(ApiView):
    @extend_schema(responses=ServerUserSerializer)
    def get(self, request: Request, deployment_id: str, user_id: int) -> Response:
        """One user."""
        return Response(
            ServerUserSerializer(_get(deployment_for(request, deployment_id, Role.READ), user_id)).data
        )

    @extend_schema(
        request=ServerUserChangeSerializer,
        responses=ServerUserSerializer,
        examples=[OpenApiExample("Switch off", {"enabled": False}, request_only=True)],
    )
    def patch(self, request: Request, deployment_id: str, user_id: int) -> Response:
        """Change name, address or record, or switch the user on or off. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        user = _get(deployment, user_id)
        asked = read_body(ServerUserChangeSerializer, request)
        enabled = asked.pop("enabled", user.enabled)
        if asked:
            kept = {"name": user.name, "email": user.email, "fhir_user": user.fhir_user}
            users.update_user(user, **{**kept, **asked})
            note_change(deployment, "user_changed", user.username, by=caller(request))
        if enabled != user.enabled:
            users.set_user_enabled(user, enabled=enabled)
            note_change(deployment, "user_switched", user.username, by=caller(request))
        return Response(ServerUserSerializer(user).data)


class ServerUserLink(ApiView):
    @extend_schema(request=None, responses=NewServerUserSerializer)
    def post(self, request: Request, deployment_id: str, user_id: int) -> Response:
        """A new link to set a password, mailed if there is an address. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        user = _get(deployment, user_id)
        note_change(deployment, "user_reset", user.username, by=caller(request))
        return _with_link(user, status.HTTP_200_OK)
