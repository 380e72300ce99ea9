"""Tenants, their audit log, usage and subscription."""

from django.db import transaction
from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.access import (
    caller,
    check_token,
    deleted_membership_for,
    membership_for,
    tenants_of,
    token_of,
)
from portal.api.base import ApiListView, ApiView, read_body, read_query
from portal.api.serializers import (
    AuditEventFilter,
    AuditEventSerializer,
    MemberSerializer,
    SubscriptionSerializer,
    TenantChangeSerializer,
    TenantSerializer,
    TransferSerializer,
)
from portal.models import AuditEvent, Plan, Role, Tenant
from portal.plans import SERVICES
from portal.services.members import remove_member
from portal.services.tenants import (
    create_tenant,
    delete_tenant,
    rename_tenant,
    require_mfa,
    restore_tenant,
    transfer_tenant,
)
from portal.subscriptions import get_subscription, start_trial, subscribe


class TenantList(ApiListView[Tenant]):
    @extend_schema(operation_id="tenants_list", responses=TenantSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The tenants that the caller belongs to."""
        return self.page_of(tenants_of(request), TenantSerializer)

    @extend_schema(
        request=TenantSerializer,
        responses={201: TenantSerializer},
        operation_id="tenants_create",
        examples=[OpenApiExample("A clinic", {"name": "Norra clinic"}, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Create a tenant; the caller becomes its owner."""
        token = token_of(request)
        check_token(token, Role.OWNER)
        if token is not None and token.tenant_id is not None:
            raise ValidationError({"name": ["A token of one tenant cannot create others."]})
        asked = read_body(TenantSerializer, request)
        tenant = create_tenant(asked["name"], owner=caller(request))
        return Response(TenantSerializer(tenant).data, status=status.HTTP_201_CREATED)


class TenantDetail(ApiView):
    @extend_schema(responses=TenantSerializer)
    def get(self, request: Request, slug: str) -> Response:
        return Response(TenantSerializer(membership_for(request, slug, Role.READ).tenant).data)

    @extend_schema(
        request=TenantChangeSerializer,
        responses=TenantSerializer,
        examples=[OpenApiExample("Two-step sign-in for all", {"requires_mfa": True}, request_only=True)],
    )
    def patch(self, request: Request, slug: str) -> Response:
        """Rename (the slug stays), or change whether members must have two-step sign-in. Needs the role admin."""
        membership = membership_for(request, slug, Role.ADMIN)
        asked = read_body(TenantChangeSerializer, request)
        with transaction.atomic():
            if "name" in asked:
                rename_tenant(membership.tenant, asked["name"], actor=membership.user)
            if "requires_mfa" in asked:
                require_mfa(membership.tenant, asked["requires_mfa"], actor=membership.user)
        return Response(TenantSerializer(membership.tenant).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str) -> Response:
        """Stop its deployments and hide it; everything is removed after 30 days."""
        membership = membership_for(request, slug, Role.OWNER)
        delete_tenant(membership.tenant, actor=membership.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TenantTransfer(ApiView):
    @extend_schema(
        request=TransferSerializer,
        responses=MemberSerializer,
        examples=[OpenApiExample("To another member", {"member": 7}, request_only=True)],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Make another member the owner; the caller stays as administrator. Needs the role owner."""
        actor = membership_for(request, slug, Role.OWNER)
        wanted = read_body(TransferSerializer, request)["member"]
        member = actor.tenant.memberships.select_related("user").filter(pk=wanted).first()
        if member is None:
            raise ValidationError({"member": ["The tenant has no such member."]})
        transfer_tenant(actor.tenant, member, actor=actor)
        return Response(MemberSerializer(member).data)


class TenantLeave(ApiView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, slug: str) -> Response:
        """Give up the caller's own membership. 409 for the last owner."""
        actor = membership_for(request, slug, Role.READ)
        # Loaded anew: the actor's role is that of a token, which may be smaller, and then it is refused.
        remove_member(actor.tenant.memberships.select_related("user", "tenant").get(pk=actor.pk), actor=actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TenantRestore(ApiView):
    @extend_schema(request=None, responses=TenantSerializer)
    def post(self, request: Request, slug: str) -> Response:
        """Take back a deletion within 30 days; deployments stay stopped. Needs the role owner."""
        membership = deleted_membership_for(request, slug)
        restore_tenant(membership.tenant, actor=membership.user)
        return Response(TenantSerializer(membership.tenant).data)


_AUDIT_LOOKUPS = {
    "action": "action__startswith",
    "actor": "actor_name__iexact",
    "target": "target__icontains",
    "since": "created__gte",
    "until": "created__lte",
}


class AuditEventList(ApiListView[AuditEvent]):
    @extend_schema(
        operation_id="audit_events_list",
        parameters=[AuditEventFilter],
        responses=AuditEventSerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        """Who changed what, newest first. Needs the role admin."""
        tenant = membership_for(request, slug, Role.ADMIN).tenant
        wanted = {
            _AUDIT_LOOKUPS[name]: value for name, value in read_query(AuditEventFilter, request).items()
        }
        return self.page_of(AuditEvent.objects.filter(tenant=tenant, **wanted), AuditEventSerializer)


def _check_service(service: str) -> None:
    if service not in SERVICES:
        raise Http404("No such service")


class SubscriptionDetail(ApiView):
    @extend_schema(responses=SubscriptionSerializer)
    def get(self, request: Request, slug: str, service: str) -> Response:
        """The plan of a service; 404 before the trial is started."""
        _check_service(service)
        tenant = membership_for(request, slug, Role.READ).tenant
        subscription = get_subscription(tenant, service)
        if subscription is None:
            raise Http404(f"{tenant.name} has not subscribed to this service.")
        return Response(SubscriptionSerializer(subscription).data)

    @extend_schema(
        request=SubscriptionSerializer,
        responses={200: SubscriptionSerializer},
        examples=[OpenApiExample("Subscribe", {"plan": "standard"}, request_only=True)],
    )
    def put(self, request: Request, slug: str, service: str) -> Response:
        """Start the trial (`plan: trial`, once) or subscribe (`plan: standard`). 409 when that is not possible."""
        _check_service(service)
        membership = membership_for(request, slug, Role.ADMIN)
        asked = read_body(SubscriptionSerializer, request)
        change = start_trial if asked["plan"] == Plan.TRIAL else subscribe
        subscription = change(membership.tenant, actor=membership.user, service=service)
        return Response(SubscriptionSerializer(subscription).data)
