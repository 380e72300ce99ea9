"""A tenant's webhooks, and the log of what was delivered."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.access import membership_for
from portal.api.base import ApiListView, ApiView, answer_once, read_body, read_query
from portal.api.strict import Choice, Strict
from portal.models import Delivery, DeliveryState, Membership, Role, Tenant, Webhook
from portal.notifications.events import resend, send_test
from portal.notifications.kinds import SUBSCRIBABLE
from portal.services import webhooks
from portal.services.refusals import Refused

_KINDS = [kind.value for kind in SUBSCRIBABLE]


class WebhookSerializer(Strict, serializers.ModelSerializer[Webhook]):
    url = serializers.URLField(max_length=500)
    kinds = serializers.ListField(
        child=Choice(choices=_KINDS),
        default=list,
        help_text="What it is told; none: everything, also what is added later",
    )

    class Meta:
        model = Webhook
        fields: tuple[str, ...] = ("id", "url", "kinds", "enabled", "created")
        read_only_fields: tuple[str, ...] = ("id", "enabled", "created")


class NewWebhookSerializer(WebhookSerializer):
    """The answer that holds the secret: the only one."""

    secret = serializers.CharField(help_text="It signs each delivery. It is not shown again.")

    class Meta(WebhookSerializer.Meta):
        fields: tuple[str, ...] = (*WebhookSerializer.Meta.fields, "secret")


class WebhookChangeSerializer(Strict, serializers.Serializer[Any]):
    kinds = serializers.ListField(child=Choice(choices=_KINDS), required=False)
    enabled = serializers.BooleanField(required=False)


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    kind = serializers.CharField(source="notification.kind")
    subject = serializers.CharField(source="notification.subject")
    facts = serializers.DictField(source="notification.facts")

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = (
            *("id", "kind", "subject", "facts", "is_mail", "target", "state", "attempts", "answer", "error"),
            *("created", "finished"),
        )
        read_only_fields = fields


class DeliveryFilter(serializers.Serializer[Any]):
    state = Choice(choices=DeliveryState.choices, required=False)


class WebhookList(ApiListView[Webhook]):
    @extend_schema(operation_id="webhooks_list", responses=WebhookSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """The tenant's webhooks. Needs the role admin."""
        tenant = membership_for(request, slug, Role.ADMIN).tenant
        return self.page_of(tenant.webhooks.all(), WebhookSerializer)

    @extend_schema(
        operation_id="webhooks_create",
        request=WebhookSerializer,
        responses={201: NewWebhookSerializer},
        examples=[
            OpenApiExample(
                "Expiring keys only",
                {"url": "https://hooks.example/fireside", "kinds": ["key.expiring"]},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Add an address that is told what happens. Its secret is in this answer only. Needs the role admin."""
        membership = membership_for(request, slug, Role.ADMIN)
        asked = read_body(WebhookSerializer, request)
        made = webhooks.create_webhook(membership.tenant, asked["url"], asked["kinds"], actor=membership.user)
        return answer_once(WebhookSerializer(made).data, status.HTTP_201_CREATED, secret=made.secret)


def _webhook(membership: Membership, webhook_id: int) -> Webhook:
    return get_object_or_404(membership.tenant.webhooks.select_related("tenant"), pk=webhook_id)


class WebhookDetail(ApiView):
    @extend_schema(responses=WebhookSerializer)
    def get(self, request: Request, slug: str, webhook_id: int) -> Response:
        """One webhook; never its secret. Needs the role admin."""
        membership = membership_for(request, slug, Role.ADMIN)
        return Response(WebhookSerializer(_webhook(membership, webhook_id)).data)

    @extend_schema(
        request=WebhookChangeSerializer,
        responses=WebhookSerializer,
        examples=[OpenApiExample("Expiring keys only", {"kinds": ["key.expiring"]}, request_only=True)],
    )
    def patch(self, request: Request, slug: str, webhook_id: int) -> Response:
        """Change what it is told, or switch it off and on. Needs the role admin."""
        membership = membership_for(request, slug, Role.ADMIN)
        webhook = _webhook(membership, webhook_id)
        asked = read_body(WebhookChangeSerializer, request)
        kinds, enabled = asked.get("kinds", webhook.kinds), asked.get("enabled", webhook.enabled)
        webhooks.change_webhook(webhook, kinds, enabled, actor=membership.user)
        return Response(WebhookSerializer(webhook).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, webhook_id: int) -> Response:
        """Remove it; what was delivered stays in the log. Needs the role admin."""
        membership = membership_for(request, slug, Role.ADMIN)
        webhooks.delete_webhook(_webhook(membership, webhook_id), actor=membership.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WebhookSecret(ApiView):
    @extend_schema(request=None, responses=NewWebhookSerializer)
    def post(self, request: Request, slug: str, webhook_id: int) -> Response:
        """A new secret; the old one signs nothing any more. Needs the role admin."""
        membership = membership_for(request, slug, Role.ADMIN)
        webhook = _webhook(membership, webhook_id)
        secret = webhooks.renew_secret(webhook, actor=membership.user)
        return answer_once(WebhookSerializer(webhook).data, status.HTTP_200_OK, secret=secret)


class WebhookTest(ApiView):
    @extend_schema(request=None, responses={202: DeliverySerializer})
    def post(self, request: Request, slug: str, webhook_id: int) -> Response:
        """Send it a test; what became of it is in the log of deliveries. Needs the role admin."""
        delivery = send_test(_webhook(membership_for(request, slug, Role.ADMIN), webhook_id))
        return Response(DeliverySerializer(delivery).data, status=status.HTTP_202_ACCEPTED)


def _deliveries(tenant: Tenant) -> QuerySet[Delivery]:
    found = Delivery.objects.filter(notification__tenant=tenant)
    return found.select_related("notification", "webhook")


class DeliveryList(ApiListView[Delivery]):
    @extend_schema(
        operation_id="deliveries_list",
        parameters=[DeliveryFilter],
        responses=DeliverySerializer(many=True),
    )
    def get(self, request: Request, slug: str) -> Response:
        """What was sent to webhooks and by mail, newest first. Needs the role admin."""
        found = _deliveries(membership_for(request, slug, Role.ADMIN).tenant)
        return self.page_of(found.filter(**read_query(DeliveryFilter, request)), DeliverySerializer)


class DeliveryResend(ApiView):
    @extend_schema(request=None, responses={202: DeliverySerializer})
    def post(self, request: Request, slug: str, delivery_id: int) -> Response:
        """The same to the same target again; 409 when the webhook is gone. Needs the role admin."""
        tenant = membership_for(request, slug, Role.ADMIN).tenant
        delivery = get_object_or_404(_deliveries(tenant), pk=delivery_id)
        if delivery.webhook is None and not delivery.is_mail:
            raise Refused("This webhook was removed; there is nowhere to send it.")
        return Response(DeliverySerializer(resend(delivery)).data, status=status.HTTP_202_ACCEPTED)
