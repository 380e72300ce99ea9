"""What the Management API reads and writes of API keys."""

from datetime import timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from credentials.access import InvalidAccess, parse_access
from credentials.models import ApiKey
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
            return parse_access(data)
        except InvalidAccess as error:
            raise serializers.ValidationError(str(error)) from error

    def to_representation(self, value: Any) -> Any:
        return value.as_json()


def _are_texts(types: Any) -> bool:
    return isinstance(types, dict) and all(isinstance(letters, str) for letters in types.values())


class SecretSerializer(serializers.Serializer[Any]):
    created = serializers.DateTimeField()
    expires = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


class ApiKeySerializer(Strict, serializers.ModelSerializer[ApiKey]):
    id = serializers.CharField(source="public_id", read_only=True)
    prefix = serializers.CharField(read_only=True, help_text="How the key's text begins")
    access = AccessField()
    secrets = SecretSerializer(
        many=True, read_only=True, help_text="The newest first; two while it is rotated"
    )

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = (
            *("id", "prefix", "name", "holder", "access", "expires", "requests_per_second"),
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
    requests_per_second = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        help_text="null: as many as the deployment's size allows",
    )


class RotationSerializer(Strict, serializers.Serializer[Any]):
    overlap_hours = serializers.IntegerField(
        min_value=0, max_value=_HOURS, default=24, help_text="How long the old secret goes on working"
    )


class KeyFilter(serializers.Serializer[Any]):
    live = serializers.BooleanField(required=False, help_text="Only keys that are not revoked")
    name = serializers.CharField(required=False, max_length=80, help_text="Part of the name or the holder")
