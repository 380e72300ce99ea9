"""Deployments: list, create, look at, change, start, stop, delete."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from deployments import services
from deployments.api import serializers
from deployments.api.access import deployment_for
from deployments.api.serializers import DeploymentSerializer
from deployments.models import Deployment, Region
from deployments.selectors import count_by_type, get_use, list_deployments_for
from deployments.upstream_credentials import seal_header
from portal.access import check_mfa
from portal.api.access import caller, membership_for, tenants_of
from portal.api.base import ApiListView, ApiView, read_body, read_query
from portal.api.problems import InvalidQuery
from portal.models import Role

_EXAMPLE = OpenApiExample(
    "A deployment with five synthetic patients",
    {"tenant": "demo-clinic", "name": "Ward 7", "size": "xs", "preset": "synthea-5"},
    request_only=True,
)


class DeploymentList(ApiListView[Deployment]):
    @extend_schema(
        operation_id="deployments_list",
        parameters=[serializers.DeploymentFilter],
        responses=DeploymentSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """The deployments of the tenants that the caller may see, newest first; `/me/` names those that are shut."""
        wanted = read_query(serializers.DeploymentFilter, request)
        tenants = tenants_of(request)
        found = list_deployments_for(caller(request)).filter(tenant__in=tenants)
        if name := wanted.pop("name", ""):
            found = found.filter(name__icontains=name)
        if slug := wanted.pop("tenant", ""):
            for tenant in tenants:
                if tenant.slug == slug:
                    check_mfa(caller(request), tenant)
            found = found.filter(tenant__slug=slug)
        return self.page_of(found.filter(**wanted), DeploymentSerializer)

    @extend_schema(
        operation_id="deployments_create",
        request=serializers.NewDeploymentSerializer,
        responses={202: DeploymentSerializer},
        examples=[_EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """Create a deployment. It is CREATING until its job is done; ask again until it is RUNNING. Needs the role admin."""
        asked = read_body(serializers.NewDeploymentSerializer, request)
        membership = membership_for(request, asked.pop("tenant"), Role.ADMIN)
        region = Region.objects.filter(name=asked.pop("region")).first()
        if region is None:
            names = ", ".join(one.name for one in Region.objects.all() if one.is_open)
            raise ValidationError({"region": [f"There is no such region. There are: {names or 'none'}."]})
        asked["upstream_credential"] = seal_header(asked["upstream_credential"])
        made = services.create_deployment(
            tenant=membership.tenant, by=caller(request), region=region, **asked
        )
        return Response(DeploymentSerializer(made).data, status=status.HTTP_202_ACCEPTED)


class DeploymentDetail(ApiView):
    @extend_schema(responses=DeploymentSerializer)
    def get(self, request: Request, deployment_id: str) -> Response:
        """One deployment with its state and addresses."""
        return Response(DeploymentSerializer(deployment_for(request, deployment_id, Role.READ)).data)

    @extend_schema(
        request=serializers.DeploymentChangeSerializer,
        responses=DeploymentSerializer,
        examples=[OpenApiExample("A larger size", {"size": "s"}, request_only=True)],
    )
    def patch(self, request: Request, deployment_id: str) -> Response:
        """Change the service level or the size. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        asked, by = read_body(serializers.DeploymentChangeSerializer, request), caller(request)
        if level := asked.get("service_level"):
            services.change_service_level(deployment, level, by=by)
        if size := asked.get("size"):
            services.change_size(deployment, size, by=by)
        return Response(DeploymentSerializer(deployment).data)

    @extend_schema(parameters=[serializers.Confirmation], responses={202: DeploymentSerializer})
    def delete(self, request: Request, deployment_id: str) -> Response:
        """Delete the deployment with all its data, keys and applications. Needs the role admin."""
        deployment = deployment_for(request, deployment_id, Role.ADMIN)
        typed = read_query(serializers.Confirmation, request)["confirm"]
        try:
            services.delete_deployment(deployment, typed, by=caller(request))
        except services.NameMismatch as error:
            raise InvalidQuery({"confirm": error.messages}) from error
        return Response(DeploymentSerializer(deployment).data, status=status.HTTP_202_ACCEPTED)


class _Order(ApiView):
    """A change of state that a job carries out."""

    def give(self, request: Request, deployment_id: str, order: Callable[..., Any]) -> Response:
        deployment = deployment_for(request, deployment_id, Role.WRITE)
        order(deployment, by=caller(request))
        return Response(DeploymentSerializer(deployment).data, status=status.HTTP_202_ACCEPTED)


class DeploymentStart(_Order):
    @extend_schema(request=None, responses={202: DeploymentSerializer})
    def post(self, request: Request, deployment_id: str) -> Response:
        """Start a stopped deployment. Needs the role write."""
        return self.give(request, deployment_id, services.start_deployment)


class DeploymentStop(_Order):
    @extend_schema(request=None, responses={202: DeploymentSerializer})
    def post(self, request: Request, deployment_id: str) -> Response:
        """Stop it: the endpoint answers 503, the data is kept. Needs the role write."""
        return self.give(request, deployment_id, services.stop_deployment)


class DeploymentRetry(_Order):
    @extend_schema(request=None, responses={202: DeploymentSerializer})
    def post(self, request: Request, deployment_id: str) -> Response:
        """Try a FAILED deployment's work again, from the step that failed. Needs the role write."""
        return self.give(request, deployment_id, services.retry_deployment)


class DeploymentUsage(ApiView):
    @extend_schema(responses=serializers.StoredSerializer)
    def get(self, request: Request, deployment_id: str) -> Response:
        """What is stored now, by type, against what the size allows."""
        deployment = deployment_for(request, deployment_id, Role.READ)
        use = get_use(deployment)
        types = [{"resource_type": name, "count": count} for name, count in count_by_type(deployment)]
        told = {"resources": use.resources, "limit": use.limit, "percent": use.percent, "types": types}
        return Response(serializers.StoredSerializer(told).data)
