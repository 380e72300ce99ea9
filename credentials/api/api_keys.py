"""API keys: list, create (the text is shown once), rotate, narrow, revoke."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from credentials import services
from credentials.api import serializers
from credentials.api.serializers import ApiKeySerializer, NewApiKeySerializer
from credentials.models import ApiKey
from credentials.selectors import get_api_key, list_api_keys
from credentials.used_rights import rights_use_of
from deployments.api.access import deployment_for
from portal.api.access import caller
from portal.api.base import ApiListView, ApiView, answer_once, read_body, read_query
from portal.models import Role

_EXAMPLE = OpenApiExample(
    "A key that reads patients for a year",
    {
        "name": "Lab import",
        "holder": "Lab team",
        "access": {"kind": "chosen", "types": {"Patient": "rs"}},
        "expires": "2099-01-01T00:00:00Z",
    },
    request_only=True,
)


class ApiKeyList(ApiListView[ApiKey]):
    @extend_schema(
        operation_id="api_keys_list",
        parameters=[serializers.KeyFilter],
        responses=ApiKeySerializer(many=True),
    )
    def get(self, request: Request, deployment_id: str) -> Response:
        """The deployment's keys, newest first, revoked ones too."""
        found = list_api_keys(deployment_for(request, deployment_id, Role.READ))
        wanted = read_query(serializers.KeyFilter, request)
        if wanted.get("live"):
            found = found.filter(revoked=None)
        if name := wanted.get("name"):
            found = found.filter(Q(name__icontains=name) | Q(holder__icontains=name))
        return self.page_of(found, ApiKeySerializer)

    @extend_schema(
        operation_id="api_keys_create",
        request=ApiKeySerializer,
        responses={201: NewApiKeySerializer},
        examples=[_EXAMPLE],
    )
    def post(self, request: Request, deployment_id: str) -> Response:
        """Issue a key. Its text is in this answer only. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        asked = read_body(ApiKeySerializer, request)
        api_key, text = services.create_api_key(deployment, by=caller(request), **asked)
        return answer_once(ApiKeySerializer(api_key).data, status.HTTP_201_CREATED, key=text)


class ApiKeyDetail(ApiView):
    @extend_schema(responses=ApiKeySerializer)
    def get(self, request: Request, deployment_id: str, public_id: str) -> Response:
        """One key with its secrets' ages and last use; never their text."""
        deployment = deployment_for(request, deployment_id, Role.READ)
        return Response(ApiKeySerializer(get_api_key(deployment, public_id)).data)

    @extend_schema(
        request=serializers.NarrowingSerializer,
        responses=ApiKeySerializer,
        examples=[
            OpenApiExample(
                "Only what it needs, from one network",
                {"access": {"kind": "chosen", "types": {"Patient": "rs"}}, "networks": ["203.0.113.0/24"]},
                request_only=True,
            )
        ],
    )
    def patch(self, request: Request, deployment_id: str, public_id: str) -> Response:
        """Take rights or time away (409 when the key would gain any), limit its requests or its networks. Needs the role admin."""
        api_key = get_api_key(deployment_for(request, deployment_id, Role.ADMIN), public_id)
        asked = read_body(serializers.NarrowingSerializer, request)
        with transaction.atomic():
            if "requests_per_second" in asked:
                services.limit_api_key(api_key, asked.pop("requests_per_second"), by=caller(request))
            if "networks" in asked:
                services.restrict_api_key(api_key, asked.pop("networks"), by=caller(request))
            if asked:
                services.narrow_api_key(api_key, by=caller(request), **asked)
        return Response(ApiKeySerializer(get_api_key(api_key.deployment, public_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, deployment_id: str, public_id: str) -> Response:
        """Revoke the key: it is refused within a second, for ever. Needs the role admin."""
        api_key = get_api_key(deployment_for(request, deployment_id, Role.ADMIN), public_id)
        services.revoke_api_key(api_key, by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class ApiKeyRotate(ApiView):
    @extend_schema(
        request=serializers.RotationSerializer,
        responses=NewApiKeySerializer,
        examples=[OpenApiExample("The old secret works for a day", {"overlap_hours": 24}, request_only=True)],
    )
    def post(self, request: Request, deployment_id: str, public_id: str) -> Response:
        """A second secret; the old one works for `overlap_hours` more. Needs the role admin."""
        api_key = get_api_key(deployment_for(request, deployment_id, Role.ADMIN), public_id)
        overlap = timedelta(hours=read_body(serializers.RotationSerializer, request)["overlap_hours"])
        text = services.rotate_api_key(api_key, overlap=overlap, by=caller(request))
        rotated = get_api_key(api_key.deployment, public_id)
        return answer_once(ApiKeySerializer(rotated).data, status.HTTP_200_OK, key=text)


class ApiKeyEndOld(ApiView):
    @extend_schema(request=None, responses=ApiKeySerializer)
    def post(self, request: Request, deployment_id: str, public_id: str) -> Response:
        """Finish a rotation: only the newest secret works from now on. Needs the role admin."""
        api_key = get_api_key(deployment_for(request, deployment_id, Role.ADMIN), public_id)
        services.end_old_secrets(api_key, by=caller(request))
        return Response(ApiKeySerializer(get_api_key(api_key.deployment, public_id)).data)


class ApiKeyRevokeMany(ApiView):
    @extend_schema(
        request=serializers.RevocationSerializer,
        responses=serializers.RevokedSerializer,
        examples=[OpenApiExample("Two keys", {"ids": ["bpelhztp3f3k", "7wa5bxf2bj8f"]}, request_only=True)],
    )
    def post(self, request: Request, deployment_id: str) -> Response:
        """Revoke several keys at once: all of them, or none when one is not this deployment's (409). Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        ids = read_body(serializers.RevocationSerializer, request)["ids"]
        count = services.revoke_api_keys(deployment, ids, by=caller(request))
        return Response({"revoked": count})


class ApiKeyUse(ApiView):
    @extend_schema(responses=serializers.RightsUseSerializer)
    def get(self, request: Request, deployment_id: str, public_id: str) -> Response:
        """The rights that the key has beside those that it used, as far as the log goes back. Needs the role admin."""
        api_key = get_api_key(deployment_for(request, deployment_id, Role.ADMIN), public_id)
        return Response(serializers.RightsUseSerializer(rights_use_of(api_key)).data)
