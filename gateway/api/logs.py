"""The log of a deployment's FHIR requests: filtered, followed, explained."""

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments.api.access import deployment_for
from gateway.api.serializers import KeepingSerializer, LogFilter, LogPageSerializer, LogQuery, TraceSerializer
from gateway.audit_keeping import keeps_audit_events, set_keeping
from gateway.exporting import FHIR_NDJSON, NDJSON, download
from gateway.following import list_requests_after, list_requests_to_follow
from gateway.selectors import get_request, list_requests
from portal.api.access import caller
from portal.api.base import ApiView, read_body, read_query
from portal.api.problems import InvalidQuery
from portal.models import Role


class LogList(ApiView):
    @extend_schema(operation_id="logs_list", parameters=[LogFilter], responses=LogPageSerializer)
    def get(self, request: Request, deployment_id: str) -> Response:
        """Up to 50 requests, newest first; with `after` the ones since then, oldest first. Needs the role write."""
        deployment = deployment_for(request, deployment_id, Role.WRITE)
        filters = read_query(LogFilter, request)
        before, after = filters.pop("before", None), filters.pop("after", None)
        if before is not None and after is not None:
            raise InvalidQuery({"after": ["Give before or after, not both."]})
        if after is not None:
            page = list_requests_after(deployment, filters, after)
        elif before is not None:
            page = list_requests(deployment, filters, before)
        else:
            page = list_requests_to_follow(deployment, filters)
        return Response(LogPageSerializer(page).data)


class LogExport(ApiView):
    @extend_schema(parameters=[LogQuery], responses={(200, NDJSON): OpenApiTypes.BINARY})
    def get(self, request: Request, deployment_id: str) -> StreamingHttpResponse:
        """Every line that fits, oldest first, as NDJSON, however many there are. Needs the role write."""
        deployment = deployment_for(request, deployment_id, Role.WRITE)
        return download(deployment, read_query(LogQuery, request), caller(request))


class AuditEventExport(ApiView):
    @extend_schema(parameters=[LogQuery], responses={(200, FHIR_NDJSON): OpenApiTypes.BINARY})
    def get(self, request: Request, deployment_id: str) -> StreamingHttpResponse:
        """The same as FHIR AuditEvents, of the requests that touched a patient's data. Needs the role write."""
        deployment = deployment_for(request, deployment_id, Role.WRITE)
        return download(deployment, read_query(LogQuery, request), caller(request), as_events=True)


class AuditKeeping(ApiView):
    @extend_schema(responses=KeepingSerializer)
    def get(self, request: Request, deployment_id: str) -> Response:
        """Whether audit events are kept in the deployment, for `AuditEvent?patient=…`. Needs the role write."""
        deployment = deployment_for(request, deployment_id, Role.WRITE)
        return Response({"keeps": keeps_audit_events(deployment)})

    @extend_schema(
        request=KeepingSerializer,
        responses=KeepingSerializer,
        examples=[OpenApiExample("Keep them", {"keeps": True}, request_only=True)],
    )
    def put(self, request: Request, deployment_id: str) -> Response:
        """Keep them from now on, or no longer; what was kept stays. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        set_keeping(deployment, by=caller(request), **read_body(KeepingSerializer, request))
        return Response({"keeps": keeps_audit_events(deployment)})


class LogDetail(ApiView):
    @extend_schema(responses=TraceSerializer)
    def get(self, request: Request, deployment_id: str, trace_id: str) -> Response:
        """One request by its trace id (`X-Request-Id` of the answer), with what the door checked. Needs the role write."""
        deployment = deployment_for(request, deployment_id, Role.WRITE)
        return Response(TraceSerializer(get_request(deployment, trace_id)).data)
