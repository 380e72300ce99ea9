"""What the Management API reads and writes of deployments and jobs."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from deployments.endpoint import fhir_base, oauth_issuer
from deployments.jobs import get_kind
from deployments.models import Deployment, Job, JobState, ServiceLevel, State
from deployments.presets import PRESETS
from deployments.services import NAME_LENGTH
from deployments.sizes import SIZES
from portal.api.strict import Strict

SIZE_CODES = [size.code for size in SIZES]


class DeploymentSerializer(serializers.ModelSerializer[Deployment]):
    tenant = serializers.CharField(source="tenant.slug", read_only=True)
    region = serializers.CharField(source="region.name", read_only=True)
    upstream = serializers.CharField(
        read_only=True, help_text="The base URL of a connected server; empty for the embedded one"
    )
    fhir_base = serializers.SerializerMethodField(help_text="The base URL of its FHIR endpoint")
    oauth_issuer = serializers.SerializerMethodField(help_text="The issuer of its authorization server")

    class Meta:
        model = Deployment
        fields: tuple[str, ...] = (
            *("id", "tenant", "name", "state", "state_reason", "service_level", "size", "high_availability"),
            *("region", "preloaded_data", "upstream", "fhir_base", "oauth_issuer", "created", "expires"),
        )
        read_only_fields = fields

    def get_fhir_base(self, deployment: Deployment) -> str:
        return fhir_base(deployment)

    def get_oauth_issuer(self, deployment: Deployment) -> str:
        return oauth_issuer(deployment)


class NewDeploymentSerializer(Strict, serializers.Serializer[Any]):
    tenant = serializers.SlugField(help_text="The slug of the tenant that shall have it")
    name = serializers.CharField(
        max_length=NAME_LENGTH, help_text="Unique in the tenant; it cannot be changed"
    )
    region = serializers.SlugField(default="local", help_text="The name of a region")
    size = serializers.ChoiceField(choices=SIZE_CODES, default="xs")
    high_availability = serializers.BooleanField(default=False)
    preset = serializers.ChoiceField(
        choices=[preset.code for preset in PRESETS],
        default="",
        allow_blank=True,
        help_text="Synthetic data to begin with; empty for none",
    )
    service_level = serializers.ChoiceField(choices=ServiceLevel.choices, default=ServiceLevel.DEVELOPMENT)


class DeploymentChangeSerializer(Strict, serializers.Serializer[Any]):
    service_level = serializers.ChoiceField(choices=ServiceLevel.choices, required=False)
    size = serializers.ChoiceField(
        choices=SIZE_CODES, required=False, help_text="Changed by a job while it runs: the state is UPDATING"
    )


class DeploymentFilter(serializers.Serializer[Any]):
    tenant = serializers.SlugField(required=False, help_text="Only those of this tenant")
    state = serializers.ChoiceField(choices=State.choices, required=False)
    service_level = serializers.ChoiceField(choices=ServiceLevel.choices, required=False)
    size = serializers.ChoiceField(choices=SIZE_CODES, required=False)
    name = serializers.CharField(required=False, max_length=NAME_LENGTH, help_text="Part of the name")


class Confirmation(serializers.Serializer[Any]):
    confirm = serializers.CharField(help_text="The deployment's name: what is deleted cannot be had back")


class JobStepSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.choices)
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    detail = serializers.CharField(allow_blank=True)


class JobSerializer(serializers.ModelSerializer[Job]):
    title = serializers.SerializerMethodField()
    steps = JobStepSerializer(many=True, read_only=True)
    result = serializers.SerializerMethodField(help_text="What came of it, by kind: counts, files")

    class Meta:
        model = Job
        fields: tuple[str, ...] = (
            *("id", "kind", "title", "state", "steps", "result", "error", "attempts"),
            *("created", "started", "finished"),
        )
        read_only_fields = fields

    def get_title(self, job: Job) -> str:
        return get_kind(job.kind).title

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_result(self, job: Job) -> Any:
        return job.result


class JobFilter(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=JobState.choices, required=False)
    kind = serializers.CharField(required=False, max_length=40)


class TypeCountSerializer(serializers.Serializer[Any]):
    resource_type = serializers.CharField()
    count = serializers.IntegerField()


class StoredSerializer(serializers.Serializer[Any]):
    resources = serializers.IntegerField(help_text="Stored now")
    limit = serializers.IntegerField(help_text="What the size allows")
    percent = serializers.IntegerField()
    types = TypeCountSerializer(many=True)


class UploadSerializer(serializers.Serializer[Any]):
    upload = serializers.CharField(help_text="The upload's name")
    offset = serializers.IntegerField(help_text="How many bytes have come: where the next part begins")


class ImportSerializer(Strict, serializers.Serializer[Any]):
    upload = serializers.CharField(max_length=40, help_text="The name of an upload whose parts have all come")
    filename = serializers.CharField(max_length=200, default="", allow_blank=True)
    skip_invalid = serializers.BooleanField(
        default=False, help_text="Load the valid resources although some are not"
    )
