"""What the Management API reads and writes of deployments and jobs."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from deployments.endpoint import fhir_base, oauth_issuer
from deployments.jobs import get_kind
from deployments.models import Deployment, Job, JobState, Region, ServiceLevel, State
from deployments.presets import PRESETS
from deployments.services import NAME_LENGTH
from deployments.sizes import SIZES
from fhirserver.guides.memory import Writes
from portal.api.strict import Choice, Strict

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
    size = Choice(choices=SIZE_CODES, default="xs")
    high_availability = serializers.BooleanField(default=False)
    preset = Choice(
        choices=[preset.code for preset in PRESETS],
        default="",
        allow_blank=True,
        help_text="Synthetic data to begin with; empty for none",
    )
    service_level = Choice(choices=ServiceLevel.choices, default=ServiceLevel.DEVELOPMENT)
    upstream = serializers.CharField(
        max_length=200,
        default="",
        allow_blank=True,
        help_text="The base URL of an existing FHIR server to connect; empty for the embedded one",
    )
    upstream_credential = serializers.CharField(
        max_length=4096,
        default="",
        allow_blank=True,
        help_text="The header sent there, as `Authorization: Bearer …`; kept encrypted, never shown",
    )


class SizeSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(source="size.code")
    title = serializers.CharField(source="size.title")
    requests_per_second = serializers.IntegerField(source="size.requests_per_second")
    concurrent_requests = serializers.IntegerField(source="size.concurrent_requests")
    stored_resources = serializers.IntegerField(source="size.stored_resources")
    bulk_jobs = serializers.IntegerField(source="size.bulk_jobs", help_text="At the same time")
    typical_use = serializers.CharField(source="size.typical_use")
    hour = serializers.IntegerField(help_text="Cents (EUR) for a running hour")
    hour_highly_available = serializers.IntegerField(help_text="The same with high availability")


class RegionSerializer(serializers.ModelSerializer[Region]):
    class Meta:
        model = Region
        fields: tuple[str, ...] = ("name", "title", "provider", "highly_available")
        read_only_fields = fields


class PresetSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    patients = serializers.IntegerField()
    resources = serializers.IntegerField()


class PresetChoiceSerializer(Strict, serializers.Serializer[Any]):
    preset = Choice(
        choices=[preset.code for preset in PRESETS if preset.code], help_text="The code of a data set"
    )


class ConfirmationSerializer(Strict, serializers.Serializer[Any]):
    confirm = serializers.CharField(help_text="The deployment's name: what is deleted cannot be had back")


class JobFileSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="A resource type, or `errors`")
    lines = serializers.IntegerField()
    bytes = serializers.IntegerField()


class SettingsSerializer(Strict, serializers.ModelSerializer[Deployment]):
    allowed_origins = serializers.ListField(
        child=serializers.CharField(max_length=200),
        max_length=50,
        help_text="The origins whose browser applications may call the endpoint, as `https://app.example`",
    )
    maintenance_message = serializers.CharField(
        max_length=200,
        allow_blank=True,
        help_text="Shown to the team, and to callers while it is stopped",
    )
    requests_per_second = serializers.IntegerField(
        min_value=1, allow_null=True, help_text="Below what the size allows; null: that"
    )
    largest_body = serializers.IntegerField(
        min_value=1,
        allow_null=True,
        help_text="Bytes of a request's body, unpacked too; null: what the installation takes",
    )

    upstream_credential = serializers.CharField(
        max_length=4096,
        allow_blank=True,
        write_only=True,
        required=False,
        help_text="The header sent to a connected server, as `Authorization: Bearer …`; empty for none",
    )

    class Meta:
        model = Deployment
        fields: tuple[str, ...] = (
            *("allowed_origins", "maintenance_message", "requests_per_second", "largest_body"),
            "upstream_credential",
        )


class ComparedWith(serializers.Serializer[Any]):
    def get_fields(self) -> dict[str, Any]:
        """`with` is a word of Python."""
        told = "The id of another deployment of the same tenant"
        return {"with": serializers.CharField(max_length=12, help_text=told)}


class ComparisonRowSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    mine = serializers.CharField(allow_null=True, help_text="null: it has nothing of that name")
    theirs = serializers.CharField(allow_null=True)
    movable = serializers.BooleanField(help_text="Whether this deployment can take over what the other has")


class ComparisonSectionSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField(source="aspect.slug")
    title = serializers.CharField(source="aspect.title")
    alike = serializers.IntegerField(help_text="How many traits are the same")
    different = ComparisonRowSerializer(many=True)


class TakeOverSerializer(Strict, serializers.Serializer[Any]):
    other = serializers.CharField(max_length=12, help_text="The id of the other deployment")
    take = serializers.ListField(
        child=serializers.CharField(max_length=300),
        min_length=1,
        max_length=500,
        help_text="What to take over, as `slug:name` of the comparison",
    )


class TakenOverSerializer(serializers.Serializer[Any]):
    taken = serializers.ListField(
        child=serializers.CharField(), help_text="What is the same by now is left out"
    )


class GuideSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="guide.name")
    version = serializers.CharField(source="guide.version")
    title = serializers.CharField(source="guide.title")
    canonical = serializers.CharField(source="guide.canonical", allow_blank=True)
    installed = serializers.DateTimeField()
    profiles = serializers.IntegerField(help_text="How many it brought")
    missing = serializers.DictField(
        child=serializers.CharField(),
        help_text="Packages that it builds on and that are not here, by version",
    )


class GuidesSerializer(serializers.Serializer[Any]):
    is_embedded = serializers.BooleanField(help_text="Whether its data, and so its guides, are here")
    writes = Choice(choices=[writes.value for writes in Writes])
    guides = GuideSerializer(many=True)
    unready = serializers.ListField(child=serializers.CharField(), help_text="Types still being indexed")


class GuidePackageSerializer(Strict, serializers.Serializer[Any]):
    upload = serializers.CharField(max_length=40, help_text="The name of an upload whose parts have all come")
    filename = serializers.CharField(max_length=200, default="", allow_blank=True)


class GuideWritesSerializer(Strict, serializers.Serializer[Any]):
    writes = Choice(
        choices=[writes.value for writes in Writes],
        help_text="off: any; declared: those that a resource claims; enforced: besides, one of the guides' of its type",
    )


class DeploymentChangeSerializer(Strict, serializers.Serializer[Any]):
    service_level = Choice(choices=ServiceLevel.choices, required=False)
    size = Choice(
        choices=SIZE_CODES, required=False, help_text="Changed by a job while it runs: the state is UPDATING"
    )


class DeploymentFilter(serializers.Serializer[Any]):
    tenant = serializers.SlugField(required=False, help_text="Only those of this tenant")
    state = Choice(choices=State.choices, required=False)
    service_level = Choice(choices=ServiceLevel.choices, required=False)
    size = Choice(choices=SIZE_CODES, required=False)
    name = serializers.CharField(required=False, max_length=NAME_LENGTH, help_text="Part of the name")


class Confirmation(serializers.Serializer[Any]):
    confirm = serializers.CharField(help_text="The deployment's name: what is deleted cannot be had back")


class JobStepSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    state = Choice(choices=JobState.choices)
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
    state = Choice(choices=JobState.choices, required=False)
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
