"""Background work of a deployment, and loading data by a job."""

from collections.abc import Iterator
from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import data_services, jobs, transfers
from deployments.api import serializers
from deployments.api.access import deployment_for
from deployments.api.answers import job_begun
from deployments.api.serializers import JobSerializer, UploadSerializer
from deployments.models import Deployment, Job
from deployments.selectors import get_job, list_jobs
from portal.api.access import caller
from portal.api.base import ApiListView, ApiView, read_body, read_query
from portal.models import Role

PART = 256 * 1024


class JobList(ApiListView[Job]):
    @extend_schema(
        operation_id="jobs_list", parameters=[serializers.JobFilter], responses=JobSerializer(many=True)
    )
    def get(self, request: Request, deployment_id: str) -> Response:
        """Its jobs, newest first."""
        deployment = deployment_for(request, deployment_id, Role.READ)
        wanted = read_query(serializers.JobFilter, request)
        return self.page_of(list_jobs(deployment).filter(**wanted), JobSerializer)


class JobDetail(ApiView):
    @extend_schema(responses=JobSerializer)
    def get(self, request: Request, deployment_id: str, job_id: int) -> Response:
        """One job with its steps. It is over when the state is DONE, FAILED or CANCELLED."""
        return Response(
            JobSerializer(get_job(deployment_for(request, deployment_id, Role.READ), job_id)).data
        )


class JobCancel(ApiView):
    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, deployment_id: str, job_id: int) -> Response:
        """Ask a job to end at its next step. Needs the role write."""
        job = get_job(deployment_for(request, deployment_id, Role.WRITE), job_id)
        jobs.cancel(job)
        return job_begun(job)


class Bytes(BaseParser):
    """A part of a file as it is: the view reads it piece by piece."""

    media_type = "application/octet-stream"

    def parse(self, stream: Any, media_type: object = None, parser_context: object = None) -> Any:
        return stream


class WrongOffset(APIException):
    status_code = status.HTTP_409_CONFLICT


class UploadList(ApiView):
    @extend_schema(request=None, responses={201: UploadSerializer})
    def post(self, request: Request, deployment_id: str) -> Response:
        """Begin to upload a file; send its parts with PATCH. What is not imported is forgotten after a day. Needs the role write."""
        deployment = deployment_for(request, deployment_id, Role.WRITE)
        told = {"upload": transfers.begin_upload(deployment), "offset": 0}
        return Response(UploadSerializer(told).data, status=status.HTTP_201_CREATED)


class UploadDetail(ApiView):
    parser_classes = (Bytes,)

    @extend_schema(responses=UploadSerializer)
    def get(self, request: Request, deployment_id: str, upload: str) -> Response:
        """How much has come, so that a broken upload goes on where it stopped. Needs the role write."""
        deployment = deployment_for(request, deployment_id, Role.WRITE)
        return _upload(upload, _received(deployment, upload))

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "Upload-Offset",
                {"type": "integer", "minimum": 0},
                OpenApiParameter.HEADER,
                required=True,
                description="Where in the file this part begins",
            )
        ],
        request={"application/octet-stream": {"type": "string", "format": "binary"}},
        responses=UploadSerializer,
    )
    def patch(self, request: Request, deployment_id: str, upload: str) -> Response:
        """Add the next part. 409 says where the next part begins. Needs the role write."""
        deployment = deployment_for(request, deployment_id, Role.WRITE)
        begins = request.headers.get("Upload-Offset", "")
        if not (begins.isascii() and begins.isdigit()):
            raise ValidationError({"Upload-Offset": ["Say where this part begins, in bytes."]})
        _received(deployment, upload)
        try:
            return _upload(upload, transfers.append(deployment, upload, int(begins), _pieces(request)))
        except transfers.WrongOffset as wrong:
            raise WrongOffset(f"The next part begins at {wrong.expected}.") from wrong


def _received(deployment: Deployment, upload: str) -> int:
    offset = transfers.received(deployment, upload)
    if offset is None:
        raise Http404("No such upload")
    return offset


def _upload(upload: str, offset: int) -> Response:
    return Response(UploadSerializer({"upload": upload, "offset": offset}).data)


def _pieces(request: Request) -> Iterator[bytes]:
    while piece := request._request.read(PART):
        yield piece


class ImportList(ApiView):
    @extend_schema(
        request=serializers.ImportSerializer,
        responses={202: JobSerializer},
        examples=[
            OpenApiExample(
                "An upload",
                {"upload": "upload-0f3a9c1e5b7d2468", "filename": "patients.ndjson", "skip_invalid": False},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, deployment_id: str) -> Response:
        """Check every resource of an uploaded Bundle or NDJSON file, then load it: a job. Needs the role write."""
        deployment = deployment_for(request, deployment_id, Role.WRITE)
        asked = read_body(serializers.ImportSerializer, request)
        job = data_services.import_upload(
            deployment,
            asked["upload"],
            asked["filename"],
            skip_invalid=asked["skip_invalid"],
            by=caller(request),
        )
        return job_begun(job)
