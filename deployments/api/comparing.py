"""Two deployments of a tenant side by side, and taking over what was chosen."""

from django.db import transaction
from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import comparison
from deployments.api import serializers
from deployments.api.access import deployment_for
from deployments.models import Deployment
from deployments.selectors import list_deployments_for
from portal.api.access import caller
from portal.api.base import ApiView, read_body, read_query
from portal.models import Role


def _other(request: Request, deployment: Deployment, wanted: str) -> Deployment:
    """Another deployment of the same tenant."""
    others = list_deployments_for(caller(request), deployment.tenant).exclude(pk=deployment.pk)
    found = others.filter(pk=wanted).first()
    if found is None:
        raise Http404("The tenant has no other deployment of that id.")
    return found


class Compare(ApiView):
    @extend_schema(
        parameters=[serializers.ComparedWith], responses=serializers.ComparisonSectionSerializer(many=True)
    )
    def get(self, request: Request, deployment_id: str) -> Response:
        """What differs between this deployment and another of its tenant, by aspect."""
        deployment = deployment_for(request, deployment_id, Role.READ)
        other = _other(request, deployment, read_query(serializers.ComparedWith, request)["with"])
        sections = comparison.compare(deployment, other)
        return Response(serializers.ComparisonSectionSerializer(sections, many=True).data)


class TakeOver(ApiView):
    @extend_schema(
        request=serializers.TakeOverSerializer,
        responses=serializers.TakenOverSerializer,
        examples=[
            OpenApiExample(
                "Size and origins of the test server",
                {"other": "0123456789ab", "take": ["settings:Size", "settings:Allowed origins"]},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, deployment_id: str) -> Response:
        """Give this deployment what was chosen of the other's, all of it or nothing (409). Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        asked = read_body(serializers.TakeOverSerializer, request)
        other = _other(request, deployment, asked["other"])
        with transaction.atomic():
            taken = comparison.take_over(deployment, other, asked["take"], by=caller(request))
        return Response({"taken": taken})
