"""What the Management API tells of FHIR requests."""

from typing import Any

from rest_framework import serializers

from gateway.forms import INTERACTIONS
from gateway.measures import SPANS
from gateway.models import RequestLog
from portal.api.strict import Choice, Strict


class ClaimSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    expected = serializers.CharField()
    received = serializers.CharField()
    passed = serializers.BooleanField()


class LogLineSerializer(serializers.ModelSerializer[RequestLog]):
    query = serializers.CharField(
        source="readable_query",
        allow_null=True,
        read_only=True,
        help_text="As it was sent; null when its key is gone",
    )
    milliseconds = serializers.FloatField(read_only=True)

    class Meta:
        model = RequestLog
        fields: tuple[str, ...] = (
            *("id", "time", "trace_id", "credential_kind", "credential", "credential_name", "interaction"),
            *("method", "path", "query", "status", "milliseconds", "sent", "address", "reason", "needed"),
            *("patient", "decision_time", "statements", "statement_time"),
        )
        read_only_fields = fields


class TraceSerializer(LogLineSerializer):
    claims = ClaimSerializer(source="checked_claims", many=True, help_text="What the door checked")

    class Meta(LogLineSerializer.Meta):
        fields: tuple[str, ...] = (*LogLineSerializer.Meta.fields, "claims")


class LogQuery(serializers.Serializer[Any]):
    since = serializers.DateTimeField(required=False)
    until = serializers.DateTimeField(required=False)
    credential = serializers.CharField(
        required=False, max_length=80, help_text="A key's prefix, a client id, or part of the name"
    )
    interaction = Choice(choices=INTERACTIONS, required=False)
    status = serializers.RegexField(
        r"^[1-5]([0-9]{2})?$", required=False, help_text="`403`, or `4` for all 4xx"
    )
    patient = serializers.CharField(
        required=False, max_length=72, help_text="The logical id of a patient whom the request names"
    )
    trace = serializers.CharField(required=False, max_length=16)


class LogFilter(LogQuery):
    before = serializers.IntegerField(
        required=False, min_value=1, help_text="Only lines older than this id: `older` of the page before"
    )
    after = serializers.IntegerField(
        required=False,
        min_value=0,
        help_text="Only lines newer than this id, the oldest first: to follow the log",
    )


class LogPageSerializer(serializers.Serializer[Any]):
    older = serializers.IntegerField(
        allow_null=True,
        help_text="`before` of the next page, null at the end. A page looks at 50,000 lines at most, so it may hold fewer than fit.",
    )
    newer = serializers.IntegerField(
        allow_null=True,
        help_text="`after` to follow the log from here on, also where nothing fits; null on older pages",
    )
    results = LogLineSerializer(source="lines", many=True)


class SpanFilter(serializers.Serializer[Any]):
    span = Choice(choices=list(SPANS), required=False, help_text="Up to now; the last hour by default")


class SpotSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    requests = serializers.IntegerField()
    client_errors = serializers.IntegerField()
    server_errors = serializers.IntegerField()
    throttled = serializers.IntegerField()
    sent = serializers.IntegerField(help_text="Bytes")
    p50 = serializers.FloatField(allow_null=True, help_text="Milliseconds at most; null without requests")
    p95 = serializers.FloatField(allow_null=True)
    p99 = serializers.FloatField(allow_null=True)


class TotalsSerializer(serializers.Serializer[Any]):
    requests = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]
    throttled = serializers.IntegerField()
    p50 = serializers.FloatField(allow_null=True)
    p99 = serializers.FloatField(allow_null=True)


class MeasuredUseSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField(source="use.kind", allow_blank=True)
    credential = serializers.CharField(
        source="use.credential", allow_blank=True, help_text="Empty: requests without a credential"
    )
    name = serializers.CharField(source="use.name", allow_blank=True)
    requests = serializers.IntegerField(source="use.requests")
    errors = serializers.IntegerField(source="use.errors")  # type: ignore[assignment]
    throttled = serializers.IntegerField(source="use.throttled")
    p50 = serializers.FloatField(allow_null=True)
    p95 = serializers.FloatField(allow_null=True)


class OtherUseSerializer(serializers.Serializer[Any]):
    credentials = serializers.IntegerField(help_text="How many")
    requests = serializers.IntegerField()
    errors = serializers.IntegerField()  # type: ignore[assignment]
    throttled = serializers.IntegerField()


class JobCountSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    title = serializers.CharField()
    done = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="Or cancelled")
    open = serializers.IntegerField()


class StorageDaySerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    resources = serializers.IntegerField(allow_null=True)
    stored_bytes = serializers.IntegerField()


class MeasuresSerializer(serializers.Serializer[Any]):
    span = Choice(choices=list(SPANS))
    totals = TotalsSerializer()
    spots = SpotSerializer(many=True, help_text="Oldest first, empty ones included")
    credentials = MeasuredUseSerializer(many=True, help_text="The 25 busiest, the busiest first")
    other_credentials = OtherUseSerializer(help_text="All others together")
    jobs = JobCountSerializer(many=True)
    storage = StorageDaySerializer(
        many=True, help_text="The days of the last thirty on which it was measured"
    )


class KeepingSerializer(Strict, serializers.Serializer[Any]):
    keeps = serializers.BooleanField(help_text="Whether audit events are kept in the deployment")
