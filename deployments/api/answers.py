"""What calls about a deployment answer alike: the job that now does the work."""

from rest_framework import status
from rest_framework.response import Response

from deployments.api.serializers import JobSerializer
from deployments.models import Job


def job_begun(job: Job) -> Response:
    """202: ask for the job until its state is DONE, FAILED or CANCELLED."""
    return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
