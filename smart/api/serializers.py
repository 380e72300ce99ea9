"""What the Management API reads and writes of applications and users."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from credentials.models import ApplicationKind, OAuthApplication, ServerUser
from portal.api.strict import Choice, Strict


@extend_schema_field(
    {"type": "object", "nullable": True, "additionalProperties": True, "example": {"keys": []}}
)
class KeySetField(serializers.JSONField):
    """A JWKS (RFC 7517) of public keys."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError('Send a JWKS: {"keys": […]}.')
        return super().to_internal_value(data)


class ClientSecretSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    hint = serializers.CharField(help_text="Its last letters")
    created = serializers.DateTimeField()
    expires = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


class ApplicationSerializer(Strict, serializers.ModelSerializer[OAuthApplication]):
    server = serializers.IntegerField(
        source="server_id",
        required=False,
        min_value=1,
        help_text="Whose application it is; not given: the integrated server's. It cannot be changed",
    )
    client_id = serializers.CharField(
        max_length=200,
        required=False,
        help_text="What the identity provider gave it. The integrated server makes its own",
    )
    kind = Choice(choices=ApplicationKind.choices)
    redirect_uris = serializers.ListField(
        child=serializers.CharField(max_length=500), default=list, max_length=50, help_text="Compared exactly"
    )
    logout_uris = serializers.ListField(
        child=serializers.CharField(max_length=500), default=list, max_length=50
    )
    launch_url = serializers.CharField(max_length=500, default="", allow_blank=True)
    jwks = KeySetField(allow_null=True, default=None, help_text="Its public keys, instead of a secret")
    jwks_uri = serializers.CharField(max_length=500, default="", allow_blank=True)
    allowed_scopes = serializers.CharField(
        max_length=10_000, help_text="What it may ask for, with spaces between: SMART version 1 or 2"
    )
    secrets = ClientSecretSerializer(many=True, read_only=True)

    class Meta:
        model = OAuthApplication
        fields: tuple[str, ...] = (
            *("id", "server", "name", "kind", "client_id", "redirect_uris", "logout_uris", "launch_url"),
            *(
                "jwks",
                "jwks_uri",
                "allowed_scopes",
                "device_flow",
                "requests_per_second",
                "enabled",
                "created",
                "last_used_at",
                "secrets",
            ),
        )
        read_only_fields = ("id", "enabled", "created", "last_used_at")


class NewApplicationSerializer(ApplicationSerializer):
    """The answer that holds the client secret's text: the only one."""

    client_secret = serializers.CharField(
        allow_blank=True, help_text="Not shown again; empty for applications without one"
    )

    class Meta(ApplicationSerializer.Meta):
        fields: tuple[str, ...] = (*ApplicationSerializer.Meta.fields, "client_secret")


class SwitchSerializer(Strict, serializers.Serializer[Any]):
    enabled = serializers.BooleanField(help_text="Off: its tokens are refused within a second")


class ServerUserSerializer(Strict, serializers.ModelSerializer[ServerUser]):
    fhir_user = serializers.CharField(
        max_length=100, default="", allow_blank=True, help_text="The person's own record: `Patient/123`"
    )

    class Meta:
        model = ServerUser
        fields: tuple[str, ...] = ("id", "username", "name", "email", "fhir_user", "enabled", "created")
        read_only_fields = ("id", "enabled", "created")
        extra_kwargs = {"name": {"required": False}, "email": {"required": False}}


class NewServerUserSerializer(ServerUserSerializer):
    link = serializers.CharField(
        help_text="Where the person sets a password; also mailed, if there is an address"
    )

    class Meta(ServerUserSerializer.Meta):
        fields: tuple[str, ...] = (*ServerUserSerializer.Meta.fields, "link")


class ServerUserChangeSerializer(Strict, serializers.Serializer[Any]):
    name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    email = serializers.EmailField(required=False, allow_blank=True)
    fhir_user = serializers.CharField(max_length=100, required=False, allow_blank=True)
    enabled = serializers.BooleanField(required=False)
