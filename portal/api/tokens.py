"""Tokens of the Management API: a person's own, and those that open one tenant, which its administrators see and end."""

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.access import caller, check_token, membership_for, token_of
from portal.api.base import ApiListView, ApiView, answer_once, read_body
from portal.api.serializers import PersonSerializer, RoleField
from portal.api.strict import Strict
from portal.models import ManagementToken, Role, Tenant
from portal.services.tokens import create_token, list_tenant_tokens, revoke_token

LONGEST_DAYS = 365


class TokenSerializer(Strict, serializers.ModelSerializer[ManagementToken]):
    role = RoleField(help_text="The most that the token may do")
    tenant = serializers.CharField(
        source="tenant.slug", allow_null=True, default=None, help_text="It opens this tenant only; null: all"
    )
    days = serializers.IntegerField(
        write_only=True, min_value=1, max_value=LONGEST_DAYS, default=90, help_text="How long it works"
    )

    class Meta:
        model = ManagementToken
        fields: tuple[str, ...] = (
            *("id", "name", "hint", "role", "tenant", "days", "created", "expires", "last_used"),
        )
        read_only_fields = ("id", "hint", "created", "expires", "last_used")


class NewTokenSerializer(TokenSerializer):
    """The answer that holds the token's text: the only one."""

    token = serializers.CharField(help_text="The token itself. It is not shown again.")

    class Meta(TokenSerializer.Meta):
        fields: tuple[str, ...] = (*TokenSerializer.Meta.fields, "token")


class TenantTokenSerializer(TokenSerializer):
    user = PersonSerializer(read_only=True, help_text="In whose name it acts")

    class Meta(TokenSerializer.Meta):
        fields: tuple[str, ...] = (*TokenSerializer.Meta.fields, "user")


class TokenList(ApiListView[ManagementToken]):
    @extend_schema(operation_id="tokens_list", responses=TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The caller's own tokens, newest first; with a token of one tenant, only those of that tenant."""
        return self.page_of(_own(request), TokenSerializer)

    @extend_schema(
        operation_id="tokens_create",
        request=TokenSerializer,
        responses={201: NewTokenSerializer},
        examples=[
            OpenApiExample(
                "A script that reads one tenant for a month",
                {"name": "Backup script", "role": "read", "tenant": "demo-clinic", "days": 30},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Make a token, which can do no more and live no longer than the one it is asked for with."""
        asked = read_body(TokenSerializer, request)
        role, slug = asked["role"], (asked.get("tenant") or {}).get("slug")
        check_token(token_of(request), role)
        made, text = create_token(
            caller(request),
            asked["name"],
            role,
            tenant=_tenant(request, slug, role),
            expires=_expiry(request, asked["days"]),
        )
        return answer_once(TokenSerializer(made).data, status.HTTP_201_CREATED, token=text)


def _own(request: Request) -> QuerySet[ManagementToken]:
    found = caller(request).management_tokens.select_related("tenant", "user")
    token = token_of(request)
    return found if token is None or token.tenant_id is None else found.filter(tenant=token.tenant_id)


def _tenant(request: Request, slug: str | None, role: Role) -> Tenant | None:
    """The tenant that the new token shall open; None for all, which a token of one tenant cannot give."""
    token = token_of(request)
    if slug is not None:
        return membership_for(request, slug, role).tenant
    if token is not None and token.tenant is not None:
        raise ValidationError({"tenant": ["A token of one tenant can make tokens of that tenant only."]})
    return None


def _expiry(request: Request, days: int) -> datetime:
    wanted, token = timezone.now() + timedelta(days=days), token_of(request)
    return min(wanted, token.expires) if token is not None and token.expires else wanted


class TokenDetail(ApiView):
    @extend_schema(responses=TokenSerializer)
    def get(self, request: Request, token_id: int) -> Response:
        """One of the caller's own tokens; never its text."""
        return Response(TokenSerializer(get_object_or_404(_own(request), pk=token_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: int) -> Response:
        """Revoke it; a token may end itself, others only when its role is as large."""
        token = get_object_or_404(_own(request), pk=token_id)
        if token != token_of(request):
            check_token(token_of(request), Role(token.role))
        revoke_token(token, actor=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class TenantTokenList(ApiListView[ManagementToken]):
    @extend_schema(operation_id="tenant_tokens_list", responses=TenantTokenSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """The tokens that were made for this tenant alone, and in whose name they act. Needs the role admin."""
        tenant = membership_for(request, slug, Role.ADMIN).tenant
        return self.page_of(list_tenant_tokens(tenant), TenantTokenSerializer)


class TenantTokenDetail(ApiView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, token_id: int) -> Response:
        """Revoke it, whoever made it. Needs the role admin, and the token's own where that is larger."""
        membership = membership_for(request, slug, Role.ADMIN)
        token = get_object_or_404(list_tenant_tokens(membership.tenant), pk=token_id)
        membership_for(request, slug, Role(max(token.role, Role.ADMIN)))
        revoke_token(token, actor=membership.user)
        return Response(status=status.HTTP_204_NO_CONTENT)
