"""Who is calling, and with what."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.access import caller, token_of
from portal.api.base import ApiView
from portal.models import Role


class MeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    email = serializers.EmailField()
    token = serializers.CharField(allow_null=True, help_text="The name of the token, null for a session")
    token_role = serializers.CharField(allow_null=True, help_text="read, write, admin or owner")
    token_tenant = serializers.CharField(allow_null=True)
    token_expires = serializers.DateTimeField(allow_null=True)


class Me(ApiView):
    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """The person and the token behind this request."""
        user, token = caller(request), token_of(request)
        told = {
            "name": user.get_full_name(),
            "email": user.email,
            "token": token.name if token else None,
            "token_role": Role(token.role).name.lower() if token else None,
            "token_tenant": token.tenant.slug if token and token.tenant else None,
            "token_expires": token.expires if token else None,
        }
        return Response(MeSerializer(told).data)
