"""Who is calling, and with what."""

from typing import Any

from django.core.exceptions import PermissionDenied
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.access import list_shut_tenants
from portal.api.access import caller, check_token, token_of
from portal.api.base import ApiView, read_body
from portal.api.strict import Strict
from portal.models import Role
from portal.services.accounts import change_account


class MeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    email = serializers.EmailField()
    wants_notices = serializers.BooleanField(help_text="Mail about the tenants that the person administers")
    token = serializers.CharField(allow_null=True, help_text="The name of the token, null for a session")
    token_role = serializers.CharField(allow_null=True, help_text="read, write, admin or owner")
    token_tenant = serializers.CharField(allow_null=True)
    token_expires = serializers.DateTimeField(allow_null=True)
    shut_tenants = serializers.ListField(
        child=serializers.CharField(),
        help_text="Slugs of the tenants that require two-step sign-in, which the person has not set up",
    )


class MeChangeSerializer(Strict, serializers.Serializer[Any]):
    name = serializers.CharField(max_length=150, required=False)
    wants_notices = serializers.BooleanField(required=False)


def _told(request: Request) -> Response:
    user, token = caller(request), token_of(request)
    told = {
        "name": user.get_full_name(),
        "email": user.email,
        "wants_notices": user.wants_notices,
        "token": token.name if token else None,
        "token_role": Role(token.role).name.lower() if token else None,
        "token_tenant": token.tenant.slug if token and token.tenant else None,
        "token_expires": token.expires if token else None,
        "shut_tenants": [
            tenant.slug
            for tenant in list_shut_tenants(user)
            if token is None or token.tenant_id in (None, tenant.pk)
        ],
    }
    return Response(MeSerializer(told).data)


class Me(ApiView):
    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """The person and the token behind this request."""
        return _told(request)

    @extend_schema(
        request=MeChangeSerializer,
        responses=MeSerializer,
        examples=[OpenApiExample("No mail about tenants", {"wants_notices": False}, request_only=True)],
    )
    def patch(self, request: Request) -> Response:
        """Change the name, or whether the person is mailed. Needs a token with the role owner that opens all tenants."""
        token = token_of(request)
        check_token(token, Role.OWNER)
        if token is not None and token.tenant_id is not None:
            raise PermissionDenied("This needs a token for all tenants.")
        change_account(caller(request), **read_body(MeChangeSerializer, request))
        return _told(request)
