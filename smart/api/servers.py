"""Authentication servers of a deployment: the integrated one, and identity providers, which are checked before they are saved."""

from dataclasses import fields
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from credentials.models import AuthenticationServer, ServerKind
from deployments.api.access import deployment_for
from deployments.models import Deployment
from portal.api.access import caller
from portal.api.base import ApiListView, ApiView, read_body
from portal.models import Role
from portal.services.refusals import Refused
from smart import server_services
from smart.api.server_serializers import (
    FindingsSerializer,
    IntegratedChangeSerializer,
    ProviderSerializer,
    ServerSerializer,
    SigningKeySerializer,
    TokenTestSerializer,
)
from smart.preflight import Findings
from smart.server_services import ProviderSettings
from smart.servers import integrated_server, list_servers

_EXAMPLE = OpenApiExample(
    "A hospital's identity provider",
    {
        "name": "Hospital",
        "issuer": "https://id.hospital.example",
        "audience": "https://fhir.hospital.example",
    },
    request_only=True,
)
_NAMES = [field.name for field in fields(ProviderSettings)]


def _get(request: Request, deployment_id: str, server_id: int, role: Role) -> AuthenticationServer:
    return get_object_or_404(list_servers(deployment_for(request, deployment_id, role)), pk=server_id)


def _new(deployment: Deployment) -> AuthenticationServer:
    return AuthenticationServer(deployment=deployment, kind=ServerKind.EXTERNAL)


def _check(server: AuthenticationServer, asked: dict[str, Any]) -> Findings:
    """`asked` over what the server has; its secret stays unless another is given."""
    has = {name: getattr(server, name) for name in _NAMES if name != "introspection_secret"}
    settings = ProviderSettings(**{**has, **{name: asked[name] for name in asked if name in _NAMES}})
    return server_services.check_server(server, settings, asked.get("token", ""))


def _save(server: AuthenticationServer, findings: Findings, request: Request) -> None:
    """Raises ValidationError with each failed rule at the field that it is about."""
    failed: dict[str, list[str]] = {}
    for rule in findings.rules:
        if not rule.passed and not rule.warning:
            failed.setdefault(rule.about, []).append(f"Failed: {rule.title}. {rule.found}".strip())
    if failed:
        raise ValidationError(failed)
    server_services.save_server(server, by=caller(request))


class ServerList(ApiListView[AuthenticationServer]):
    @extend_schema(operation_id="authentication_servers_list", responses=ServerSerializer(many=True))
    def get(self, request: Request, deployment_id: str) -> Response:
        """Whose access tokens the deployment accepts: the integrated server first."""
        return self.page_of(list_servers(deployment_for(request, deployment_id, Role.READ)), ServerSerializer)

    @extend_schema(
        operation_id="authentication_servers_create",
        request=ProviderSerializer,
        responses={201: ServerSerializer},
        examples=[_EXAMPLE],
    )
    def post(self, request: Request, deployment_id: str) -> Response:
        """Check an identity provider and save it; 400 with each rule that failed. Needs the role admin."""
        server = _new(deployment_for(request, deployment_id, Role.ADMIN))
        _save(server, _check(server, read_body(ProviderSerializer, request)), request)
        return Response(ServerSerializer(server).data, status=status.HTTP_201_CREATED)


class ServerCheck(ApiView):
    @extend_schema(
        operation_id="authentication_servers_check",
        request=ProviderSerializer,
        responses=FindingsSerializer,
        examples=[_EXAMPLE],
    )
    def post(self, request: Request, deployment_id: str) -> Response:
        """Check an identity provider rule by rule, and a token of it if one is given; nothing is saved. Needs the role admin."""
        server = _new(deployment_for(request, deployment_id, Role.ADMIN))
        return Response(FindingsSerializer(_check(server, read_body(ProviderSerializer, request))).data)


class ServerDetail(ApiView):
    @extend_schema(responses=ServerSerializer)
    def get(self, request: Request, deployment_id: str, server_id: int) -> Response:
        """One authentication server; never its secret."""
        return Response(ServerSerializer(_get(request, deployment_id, server_id, Role.READ)).data)

    @extend_schema(
        request=ProviderSerializer,
        responses=ServerSerializer,
        examples=[
            OpenApiExample(
                "More clock skew",
                {"name": "Hospital", "issuer": "https://id.hospital.example", "leeway": 60},
                request_only=True,
            )
        ],
    )
    def put(self, request: Request, deployment_id: str, server_id: int) -> Response:
        """Change an identity provider: checked as when it was added. 409 for the integrated server. Needs the role admin."""
        server = _external(_get(request, deployment_id, server_id, Role.ADMIN))
        _save(server, _check(server, read_body(ProviderSerializer, request)), request)
        return Response(ServerSerializer(server).data)

    @extend_schema(
        request=IntegratedChangeSerializer,
        responses=ServerSerializer,
        examples=[OpenApiExample("Tokens of ten minutes", {"access_token_lifetime": 600}, request_only=True)],
    )
    def patch(self, request: Request, deployment_id: str, server_id: int) -> Response:
        """Switch a server on or off; lifetimes and registration only of the integrated one (else 409). Needs the role admin."""
        server = _get(request, deployment_id, server_id, Role.ADMIN)
        asked, by = read_body(IntegratedChangeSerializer, request), caller(request)
        enabled = asked.pop("enabled", server.enabled)
        if asked:
            if not server.is_integrated:
                raise Refused(
                    "Only the integrated server has these settings. Change an identity provider with PUT."
                )
            kept = {name: getattr(server, name) for name in IntegratedChangeSerializer.OF_THE_INTEGRATED}
            server_services.change_integrated(server, **{**kept, **asked}, by=by)
        if enabled != server.enabled:
            server_services.set_server_enabled(server, enabled=enabled, by=by)
        return Response(ServerSerializer(server).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, deployment_id: str, server_id: int) -> Response:
        """Forget an identity provider and its applications. 409 for the integrated server. Needs the role admin."""
        server = _get(request, deployment_id, server_id, Role.ADMIN)
        server_services.delete_server(server, by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _external(server: AuthenticationServer) -> AuthenticationServer:
    if server.is_integrated:
        raise Refused("This is the integrated server, not an identity provider.")
    return server


class ServerTokenTest(ApiView):
    @extend_schema(
        operation_id="authentication_servers_test",
        request=TokenTestSerializer,
        responses=FindingsSerializer,
        examples=[
            OpenApiExample(
                "A token of the provider",
                {"token": "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, deployment_id: str, server_id: int) -> Response:
        """Check a saved identity provider anew with a token of it, claim by claim; the token is kept nowhere. Needs the role admin."""
        server = _external(_get(request, deployment_id, server_id, Role.ADMIN))
        return Response(FindingsSerializer(_check(server, read_body(TokenTestSerializer, request))).data)


class SigningKeyRotate(ApiView):
    @extend_schema(request=None, responses={201: SigningKeySerializer})
    def post(self, request: Request, deployment_id: str) -> Response:
        """A new key of the integrated server; the old one stays published for a day. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        integrated_server(deployment)
        kid = server_services.renew_signing_key(deployment, by=caller(request))
        return Response({"kid": kid}, status=status.HTTP_201_CREATED)
