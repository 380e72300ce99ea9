"""What the Management API reads and writes of authentication servers."""

from typing import Any, ClassVar

from rest_framework import serializers

from credentials.models import AuthenticationServer, ServerKind
from portal.api.strict import Choice, Strict
from smart.addresses import issuer

_DAY = 86_400


class ServerSerializer(serializers.ModelSerializer[AuthenticationServer]):
    kind = Choice(choices=ServerKind.choices, read_only=True)
    issuer = serializers.SerializerMethodField(help_text="The `iss` of its tokens")
    jwks_uri = serializers.CharField(
        read_only=True, help_text="Where an identity provider's keys are; empty for the integrated server"
    )

    class Meta:
        model = AuthenticationServer
        fields: tuple[str, ...] = (
            *("id", "kind", "name", "enabled", "issuer", "jwks_uri", "audience", "scope_claim"),
            *("patient_claim", "fhir_user_claim", "introspection_client_id", "leeway"),
            *("registration_open", "access_token_lifetime", "refresh_token_lifetime", "created"),
        )
        read_only_fields = fields
        extra_kwargs = {
            "audience": {"help_text": "What `aud` must hold; empty: the deployment's FHIR base"},
            "introspection_client_id": {
                "help_text": "Who asks about opaque tokens (RFC 7662); empty: nobody"
            },
            "leeway": {"help_text": "Seconds of clock skew that are allowed"},
            "registration_open": {
                "help_text": "Of the integrated server: applications may register themselves"
            },
            "access_token_lifetime": {"help_text": "Seconds, of the integrated server"},
            "refresh_token_lifetime": {"help_text": "Seconds without use, of the integrated server"},
        }

    def get_issuer(self, server: AuthenticationServer) -> str:
        return issuer(server.deployment_id) if server.is_integrated else server.issuer


class TokenTestSerializer(Strict, serializers.Serializer[Any]):
    token = serializers.CharField(
        max_length=16_000,
        write_only=True,
        required=False,
        help_text="An access token of the provider, to check; it is kept nowhere",
    )


class ProviderSerializer(TokenTestSerializer):
    name = serializers.CharField(max_length=80)
    issuer = serializers.CharField(max_length=500, help_text="Exactly as the `iss` of its tokens has it")
    audience = serializers.CharField(
        max_length=300,
        default="",
        allow_blank=True,
        help_text="What `aud` must hold; empty: the deployment's FHIR base",
    )
    scope_claim = serializers.CharField(max_length=80, default="scope")
    patient_claim = serializers.CharField(max_length=80, default="patient")
    fhir_user_claim = serializers.CharField(max_length=80, default="fhirUser")
    introspection_client_id = serializers.CharField(
        max_length=200,
        default="",
        allow_blank=True,
        help_text="For opaque tokens: the provider is asked about each (RFC 7662)",
    )
    introspection_secret = serializers.CharField(
        max_length=500,
        default="",
        allow_blank=True,
        write_only=True,
        help_text="Kept encrypted, never shown; empty: the one that is stored",
    )
    leeway = serializers.IntegerField(
        min_value=0, max_value=300, default=30, help_text="Seconds of clock skew that are allowed"
    )


class IntegratedChangeSerializer(Strict, serializers.Serializer[Any]):
    OF_THE_INTEGRATED: ClassVar = ("access_token_lifetime", "refresh_token_lifetime", "registration_open")

    enabled = serializers.BooleanField(required=False, help_text="Off: none of its tokens is accepted")
    access_token_lifetime = serializers.IntegerField(
        required=False, min_value=60, max_value=_DAY, help_text="Seconds"
    )
    refresh_token_lifetime = serializers.IntegerField(
        required=False, min_value=_DAY, max_value=730 * _DAY, help_text="Seconds without use"
    )
    registration_open = serializers.BooleanField(
        required=False, help_text="Applications may register themselves"
    )


class RuleSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    passed = serializers.BooleanField()
    warning = serializers.BooleanField(help_text="It may stay as it is, although it did not pass")
    found = serializers.CharField(allow_blank=True, help_text="What was found")
    about = serializers.CharField(help_text="The field that the rule is about: `issuer`, `token`, …")


class FindingsSerializer(serializers.Serializer[Any]):
    good = serializers.BooleanField(help_text="It could be saved")
    rules = RuleSerializer(many=True)


class SigningKeySerializer(serializers.Serializer[Any]):
    kid = serializers.CharField(help_text="The key's name in the published key set")
