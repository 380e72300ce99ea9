"""Tenants, their audit log, usage and subscription."""

from datetime import UTC, datetime

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.api.access import caller, check_token, membership_for, tenants_of, token_of
from portal.api.serializers import (
    AuditEventSerializer,
    StatementSerializer,
    SubscriptionSerializer,
    TenantSerializer,
)
from portal.models import AuditEvent, Plan, Role, Tenant
from portal.services.tenants import create_tenant, delete_tenant, rename_tenant
from portal.subscriptions import get_subscription, start_trial, subscribe
from portal.usage import make_statement


class TenantList(generics.ListAPIView[Tenant]):
    """The tenants that the caller belongs to."""

    serializer_class = TenantSerializer
    queryset = Tenant.objects.none()

    def get_queryset(self) -> list[Tenant]:  # type: ignore[override]
        return tenants_of(self.request)

    @extend_schema(request=TenantSerializer, responses={201: TenantSerializer}, operation_id="tenants_create")
    def post(self, request: Request) -> Response:
        """Create a tenant; the caller becomes its owner."""
        token = token_of(request)
        check_token(token, Role.OWNER)
        if token is not None and token.tenant_id is not None:
            raise ValidationError({"name": ["A token of one tenant cannot create others."]})
        read = TenantSerializer(data=request.data)
        read.is_valid(raise_exception=True)
        tenant = create_tenant(read.validated_data["name"], owner=caller(request))
        return Response(TenantSerializer(tenant).data, status=status.HTTP_201_CREATED)


class TenantDetail(APIView):
    @extend_schema(responses=TenantSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return Response(TenantSerializer(membership_for(request, slug, Role.READ).tenant).data)

    @extend_schema(request=TenantSerializer, responses=TenantSerializer)
    def patch(self, request: Request, slug: str) -> Response:
        """Rename; the slug stays."""
        membership = membership_for(request, slug, Role.ADMIN)
        read = TenantSerializer(data=request.data)
        read.is_valid(raise_exception=True)
        rename_tenant(membership.tenant, read.validated_data["name"], actor=membership.user)
        return Response(TenantSerializer(membership.tenant).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        """Stop its deployments and hide it; everything is removed after 30 days."""
        membership = membership_for(request, slug, Role.OWNER)
        delete_tenant(membership.tenant, actor=membership.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class AuditEventList(generics.ListAPIView[AuditEvent]):
    """Who changed what, newest first. Needs the role admin."""

    serializer_class = AuditEventSerializer
    queryset = AuditEvent.objects.none()

    def list(self, request: Request, slug: str) -> Response:
        tenant = membership_for(request, slug, Role.ADMIN).tenant
        page = self.paginate_queryset(AuditEvent.objects.filter(tenant=tenant))
        return self.get_paginated_response(AuditEventSerializer(page, many=True).data)


class Usage(APIView):
    @extend_schema(
        parameters=[OpenApiParameter("month", str, description="As 2026-11; the current one by default")],
        responses=StatementSerializer,
    )
    def get(self, request: Request, slug: str) -> Response:
        """The statement of a month."""
        tenant = membership_for(request, slug, Role.READ).tenant
        asked = request.query_params.get("month") or f"{timezone.now():%Y-%m}"
        try:
            start = datetime.strptime(asked, "%Y-%m").replace(tzinfo=UTC)
        except ValueError as error:
            raise ValidationError({"month": ["Write it as 2026-11."]}) from error
        if not 2000 <= start.year <= 9998:
            raise ValidationError({"month": ["There is no statement for this year."]})
        return Response(StatementSerializer(make_statement(tenant, start)).data)


class SubscriptionDetail(APIView):
    @extend_schema(responses=SubscriptionSerializer)
    def get(self, request: Request, slug: str, service: str) -> Response:
        tenant = membership_for(request, slug, Role.READ).tenant
        subscription = get_subscription(tenant, service)
        if subscription is None:
            return Response({"service": service, "plan": None, "started": None, "expires": None})
        return Response(SubscriptionSerializer(subscription).data)

    @extend_schema(request=SubscriptionSerializer, responses={200: SubscriptionSerializer})
    def put(self, request: Request, slug: str, service: str) -> Response:
        """Start the trial (`plan: trial`, once) or subscribe (`plan: standard`). 409 when that is not possible."""
        membership = membership_for(request, slug, Role.ADMIN)
        read = SubscriptionSerializer(data=request.data)
        read.is_valid(raise_exception=True)
        change = start_trial if read.validated_data["plan"] == Plan.TRIAL else subscribe
        subscription = change(membership.tenant, actor=membership.user, service=service)
        return Response(SubscriptionSerializer(subscription).data)
