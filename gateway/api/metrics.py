"""The counts of one deployment: by time, and for its team's own Prometheus server."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments.api.access import deployment_for
from deployments.models import Deployment
from gateway.api.serializers import MeasuresSerializer, SpanFilter
from gateway.measures import DEFAULT_SPAN, measure
from gateway.prometheus import CONTENT_TYPE, render_metrics
from portal.api.base import ApiView, read_query
from portal.models import Role


class Metrics(ApiView):
    @extend_schema(responses={(200, "text/plain"): OpenApiTypes.STR})
    def get(self, request: Request, deployment_id: str) -> HttpResponse:
        """In Prometheus' text format: give the token as `authorization: {credentials: …}`. Needs the role read."""
        deployment = deployment_for(request, deployment_id, Role.READ)
        text = render_metrics(Deployment.objects.filter(pk=deployment.pk))
        return HttpResponse(text, content_type=CONTENT_TYPE)


class Measured(ApiView):
    @extend_schema(operation_id="metrics_measured", parameters=[SpanFilter], responses=MeasuresSerializer)
    def get(self, request: Request, deployment_id: str) -> Response:
        """Requests, errors and latencies in equal parts of the span (sixty; 84 of seven days), by credential, jobs and storage. Needs the role read."""
        deployment = deployment_for(request, deployment_id, Role.READ)
        span = read_query(SpanFilter, request).get("span", DEFAULT_SPAN)
        return Response(MeasuresSerializer(measure(deployment, span)).data)
