"""A deployment's data by jobs: load a data set, export, the files of a job, clear."""

from django.http import Http404, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import data_services, job_files
from deployments.api import serializers
from deployments.api.access import deployment_for
from deployments.api.answers import job_begun
from deployments.api.serializers import JobSerializer
from deployments.selectors import get_job
from deployments.services import NameMismatch
from portal.api.access import caller
from portal.api.base import ApiListView, ApiView, read_body
from portal.models import Role


class PresetLoad(ApiView):
    @extend_schema(
        request=serializers.PresetChoiceSerializer,
        responses={202: JobSerializer},
        examples=[OpenApiExample("Five patients", {"preset": "synthea-5"}, request_only=True)],
    )
    def post(self, request: Request, deployment_id: str) -> Response:
        """Add the resources of a synthetic data set (`/presets/`) to what is there: a job. Needs the role write."""
        deployment = deployment_for(request, deployment_id, Role.WRITE)
        preset = read_body(serializers.PresetChoiceSerializer, request)["preset"]
        return job_begun(data_services.load_preset(deployment, preset, by=caller(request)))


class Export(ApiView):
    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, deployment_id: str) -> Response:
        """Write every resource to NDJSON files by type, kept for a day: a job. Needs the role write."""
        deployment = deployment_for(request, deployment_id, Role.WRITE)
        return job_begun(data_services.export_data(deployment, by=caller(request)))


class Clear(ApiView):
    @extend_schema(
        request=serializers.ConfirmationSerializer,
        responses={202: JobSerializer},
        examples=[OpenApiExample("By name", {"confirm": "Ward 7"}, request_only=True)],
    )
    def post(self, request: Request, deployment_id: str) -> Response:
        """Delete every resource with its history: a job. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        typed = read_body(serializers.ConfirmationSerializer, request)["confirm"]
        try:
            return job_begun(data_services.clear_data(deployment, typed, by=caller(request)))
        except NameMismatch as error:
            raise ValidationError({"confirm": error.messages}) from error


class JobFileList(ApiListView[job_files.JobFile]):
    @extend_schema(operation_id="job_files_list", responses=serializers.JobFileSerializer(many=True))
    def get(self, request: Request, deployment_id: str, job_id: int) -> Response:
        """What an export wrote, and the errors of an import by line. Needs the role write."""
        job = get_job(deployment_for(request, deployment_id, Role.WRITE), job_id)
        return self.page_of(job_files.list_files(job), serializers.JobFileSerializer)


class JobFileContent(ApiView):
    @extend_schema(
        responses={
            (200, "application/fhir+ndjson"): OpenApiTypes.BINARY,
            (200, "application/x-ndjson"): OpenApiTypes.BINARY,
        }
    )
    def get(self, request: Request, deployment_id: str, job_id: int, name: str) -> StreamingHttpResponse:
        """The file: NDJSON, as long as it may be. Needs the role write."""
        job = get_job(deployment_for(request, deployment_id, Role.WRITE), job_id)
        path = job_files.path_of(job, name)
        if path is None:
            raise Http404("The job has no file of that name.")
        return StreamingHttpResponse(
            job_files.pieces_of(path),
            content_type=job_files.content_type_of(name),
            headers={"Content-Length": str(path.stat().st_size)},
        )
