"""The counts in Prometheus' text format: of one deployment for its team, of all for the operator (docs/adr/0013).

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet
from django.utils import timezone

from deployments.models import Deployment, Job, UsageDay
from gateway.models import LATENCY_BUCKETS, DeploymentTotal

if TYPE_CHECKING:
    from prometheus_client import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LABELS = ("deployment", "tenant")
_COUNTERS = {
    "fireside_requests": ("FHIR requests", "requests"),
    "fireside_client_errors": ("Answers with a status from 400 to 499", "client_errors"),
    "fireside_server_errors": ("Answers with a status from 500 on", "server_errors"),
    "fireside_throttled": ("Requests refused with 429", "throttled"),
    "fireside_sent_bytes": ("Bytes of answers' bodies", "sent"),
}


class _Counts:
    """What the library asks for the metrics: they are read from the control database, the same for each web process."""

    def __init__(self, deployments: QuerySet[Deployment]) -> None:
        self._deployments = deployments.select_related("tenant")

    def collect(self) -> Iterator["Metric"]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        deployments = {deployment.pk: deployment for deployment in self._deployments}
        totals = list(DeploymentTotal.objects.filter(deployment__in=deployments))
        labels = {pk: (pk, deployment.tenant.slug) for pk, deployment in deployments.items()}
        for name, (text, field) in _COUNTERS.items():
            counter = CounterMetricFamily(name, text, labels=_LABELS)
            for total in totals:
                counter.add_metric(labels[total.deployment_id], getattr(total, field))
            yield counter
        yield _durations(totals, labels)
        up = GaugeMetricFamily(
            "fireside_deployment_state", "1 for the state it is in", labels=(*_LABELS, "state")
        )
        for pk, deployment in deployments.items():
            up.add_metric((*labels[pk], deployment.state), 1)
        yield up
        yield from _storage(labels)
        jobs = GaugeMetricFamily(
            "fireside_jobs", "Background jobs by state", labels=(*_LABELS, "kind", "state")
        )
        found = Job.objects.filter(deployment__in=deployments).values_list("deployment_id", "kind", "state")
        for pk, kind, state, count in found.annotate(count=Count("pk")).order_by(
            "deployment_id", "kind", "state"
        ):
            jobs.add_metric((*labels[pk], kind, state), count)
        yield jobs


def _durations(totals: Iterable[DeploymentTotal], labels: dict[str, tuple[str, str]]) -> "Metric":
    from prometheus_client.core import HistogramMetricFamily

    family = HistogramMetricFamily(
        "fireside_request_duration_seconds", "From arrival to the last byte", labels=_LABELS
    )
    ends = [str(end / 1000) for end in LATENCY_BUCKETS] + ["+Inf"]
    for total in totals:
        counted, buckets = 0, []
        for end, count in zip(ends, total.latencies, strict=True):
            counted += count
            buckets.append((end, counted))
        family.add_metric(labels[total.deployment_id], buckets, total.seconds)
    return family


def _storage(labels: dict[str, tuple[str, str]]) -> Iterator["Metric"]:
    """As measured last; a deployment that was not measured for two days is left out."""
    from prometheus_client.core import GaugeMetricFamily

    since = timezone.now().date() - timedelta(days=2)
    days = UsageDay.objects.filter(deployment_id__in=labels, day__gte=since, stored_bytes__isnull=False)
    latest = {day.deployment_id: day for day in days.order_by("day")}
    stored = GaugeMetricFamily("fireside_stored_bytes", "JSON of resources and versions", labels=_LABELS)
    resources = GaugeMetricFamily("fireside_stored_resources", "Current resources", labels=_LABELS)
    for pk, day in latest.items():
        stored.add_metric(labels[pk], day.stored_bytes or 0)
        resources.add_metric(labels[pk], day.resources or 0)
    yield from (stored, resources)


def render_metrics(deployments: QuerySet[Deployment]) -> bytes:
    """The text that a Prometheus server reads."""
    # Loaded when somebody asks: importing it registers metrics of the process, which nobody would read.
    from prometheus_client import CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Counts(deployments))
    return generate_latest(registry)
