"""What the Management API reads and writes of API keys."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from credentials.access import InvalidAccess, check_types, parse_access
from credentials.models import ApiKey
from credentials.networks import InvalidNetwork, parse_networks
from credentials.services import LONGEST_OVERLAP
from portal.api.strict import Strict

_HOURS = int(LONGEST_OVERLAP / timedelta(hours=1))


@extend_schema_field(
    {
        "type": "object",
        "required": ["kind"],
        "properties": {
            "kind": {"type": "string", "enum": ["full", "read-only", "chosen"]},
            "types": {
                "type": "object",
                "description": "With `chosen`: letters of cruds (create, read, update, delete, search) by resource type or `*`",
                "additionalProperties": {"type": "string"},
            },
        },
        "example": {"kind": "chosen", "types": {"Patient": "rs", "Observation": "crs"}},
    }
)
class AccessField(serializers.JSONField):
    """The rights of a key, in the JSON form of `credentials.access`."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict) or not _are_texts(data.get("types", {})):
            raise serializers.ValidationError(
                "Write an object with `kind`, and `types` where it is `chosen`."
            )
        try:
            return check_types(parse_access(data))
        except InvalidAccess as error:
            raise serializers.ValidationError(str(error)) from error

    def to_representation(self, value: Any) -> Any:
        return value.as_json()


def _are_texts(types: Any) -> bool:
    return isinstance(types, dict) and all(isinstance(letters, str) for letters in types.values())


@extend_schema_field(
    {
        "type": "array",
        "items": {"type": "string"},
        "description": "CIDR networks or single addresses, IPv4 and IPv6; none: from anywhere",
        "example": ["203.0.113.0/24", "2001:db8::/32"],
    }
)
class NetworksField(serializers.ListField):
    """From where a key may be used."""

    child = serializers.CharField(max_length=60)

    def to_internal_value(self, data: Any) -> Any:
        try:
            return parse_networks(super().to_internal_value(data))
        except InvalidNetwork as error:
            raise serializers.ValidationError(str(error)) from error


class SecretSerializer(serializers.Serializer[Any]):
    created = serializers.DateTimeField()
    expires = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    last_used_from = serializers.IPAddressField(allow_null=True)


class ApiKeySerializer(Strict, serializers.ModelSerializer[ApiKey]):
    id = serializers.CharField(source="public_id", read_only=True)
    prefix = serializers.CharField(read_only=True, help_text="How the key's text begins")
    access = AccessField()
    networks = NetworksField(required=False)
    secrets = SecretSerializer(
        many=True, read_only=True, help_text="The newest first; two while it is rotated"
    )

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = (
            *("id", "prefix", "name", "holder", "access", "networks", "expires", "requests_per_second"),
            *("created", "revoked", "last_used_at", "last_used_from", "secrets"),
        )
        read_only_fields = ("created", "revoked", "last_used_at", "last_used_from")


class NewApiKeySerializer(ApiKeySerializer):
    """The answer that holds the key's text: the only one."""

    key = serializers.CharField(help_text="The key itself. It is not shown again.")

    class Meta(ApiKeySerializer.Meta):
        fields: tuple[str, ...] = (*ApiKeySerializer.Meta.fields, "key")


class NarrowingSerializer(Strict, serializers.Serializer[Any]):
    access = AccessField(required=False)
    expires = serializers.DateTimeField(required=False, help_text="Sooner than now settled")
    networks = NetworksField(required=False)
    requests_per_second = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        help_text="null: as many as the deployment's size allows",
    )


class RevocationSerializer(Strict, serializers.Serializer[Any]):
    ids = serializers.ListField(
        child=serializers.CharField(max_length=12), min_length=1, max_length=500, help_text="Ids of keys"
    )


class RevokedSerializer(serializers.Serializer[Any]):
    revoked = serializers.IntegerField(help_text="How many of them were live")


class TypeUseSerializer(serializers.Serializer[Any]):
    resource_type = serializers.CharField(help_text="A resource type, or * for all of them")
    granted = serializers.CharField(allow_blank=True, help_text="Letters of cruds")
    used = serializers.CharField(allow_blank=True)
    unused = serializers.CharField(allow_blank=True)
    requests = serializers.IntegerField()
    last = serializers.DateTimeField(allow_null=True)


class RightsUseSerializer(serializers.Serializer[Any]):
    since = serializers.DateTimeField(help_text="As far as the log was read")
    lines = TypeUseSerializer(many=True)
    unread = serializers.IntegerField(
        help_text="Requests whose rights their log line does not tell: bundles, operations, compartments"
    )
    narrower = AccessField(
        allow_null=True, help_text="Exactly what was used: send it with PATCH. null where that is not known"
    )


class RotationSerializer(Strict, serializers.Serializer[Any]):
    overlap_hours = serializers.IntegerField(
        min_value=0, max_value=_HOURS, default=24, help_text="How long the old secret goes on working"
    )


class KeyFilter(serializers.Serializer[Any]):
    live = serializers.BooleanField(required=False, help_text="Only keys that are not revoked")
    name = serializers.CharField(required=False, max_length=80, help_text="Part of the name or the holder")
