"""What the Management API reads and writes."""

from typing import Any

from rest_framework import serializers

from portal.api.strict import Choice, Strict
from portal.models import AuditEvent, Invitation, Membership, Role, Subscription, Tenant


class RoleField(Choice):
    """A role by its name: `read`, `write`, `admin`, `owner`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[role.name.lower() for role in Role], **kwargs)

    def to_internal_value(self, data: Any) -> Role:  # type: ignore[override]
        return Role[str(super().to_internal_value(data)).upper()]

    def to_representation(self, value: Any) -> str:
        return Role(value).name.lower()


class PersonSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="get_full_name", read_only=True)
    email = serializers.EmailField(read_only=True)


class TenantSerializer(Strict, serializers.ModelSerializer[Tenant]):
    class Meta:
        model = Tenant
        fields = ("slug", "name", "created", "requires_mfa")
        read_only_fields = ("slug", "created", "requires_mfa")


class TenantChangeSerializer(Strict, serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80, required=False)
    requires_mfa = serializers.BooleanField(
        required=False, help_text="Whether members must have two-step sign-in. 409 unless the caller has it"
    )


class TransferSerializer(Strict, serializers.Serializer[Any]):
    member = serializers.IntegerField(help_text="The id of the member who shall own the tenant")


class MemberSerializer(Strict, serializers.ModelSerializer[Membership]):
    user = PersonSerializer(read_only=True)
    role = RoleField()

    class Meta:
        model = Membership
        fields = ("id", "user", "role", "created")
        read_only_fields = ("id", "created")


class InvitationSerializer(Strict, serializers.ModelSerializer[Invitation]):
    role = RoleField()
    expires = serializers.DateTimeField(read_only=True)
    is_expired = serializers.BooleanField(read_only=True)

    class Meta:
        model = Invitation
        fields = ("id", "email", "role", "sent", "expires", "is_expired")
        read_only_fields = ("id", "sent")


class AuditEventSerializer(serializers.ModelSerializer[AuditEvent]):
    class Meta:
        model = AuditEvent
        fields = ("id", "created", "actor_name", "action", "target", "before", "after")
        read_only_fields = fields


class SubscriptionSerializer(Strict, serializers.ModelSerializer[Subscription]):
    class Meta:
        model = Subscription
        fields = ("service", "plan", "started", "expires")
        read_only_fields = ("service", "started", "expires")


class UsageLineSerializer(serializers.Serializer[Any]):
    deployment = serializers.CharField()
    description = serializers.CharField()
    quantity = serializers.DecimalField(max_digits=20, decimal_places=8)
    unit = serializers.CharField()
    unit_price = serializers.DecimalField(max_digits=20, decimal_places=8, help_text="Cents (EUR)")
    amount = serializers.DecimalField(max_digits=20, decimal_places=0, help_text="Cents (EUR)")


class StatementSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    lines = UsageLineSerializer(many=True)
    total = serializers.DecimalField(max_digits=20, decimal_places=0, help_text="Cents (EUR)")
    payment = serializers.CharField(read_only=True, required=False, help_text="How it is paid, in words")


class EstimateSerializer(serializers.Serializer[Any]):
    lines = UsageLineSerializer(many=True)
    total = serializers.DecimalField(max_digits=20, decimal_places=0, help_text="Cents (EUR)")


class MonthFilter(serializers.Serializer[Any]):
    month = serializers.RegexField(
        r"^2[0-9]{3}-(0[1-9]|1[0-2])$", required=False, help_text="As 2026-11; the current one by default"
    )


class AuditEventFilter(serializers.Serializer[Any]):
    action = serializers.CharField(
        required=False, max_length=60, help_text="How the action begins: `api_key.` or `deployment.created`"
    )
    actor = serializers.CharField(required=False, max_length=254, help_text="The person's email")
    target = serializers.CharField(required=False, max_length=254, help_text="Part of what was changed")
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
