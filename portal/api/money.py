"""Plans, prices, and what a tenant used: the statement of a month, also as a file, and an estimate."""

from datetime import UTC, datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.access import membership_for
from portal.api.base import ApiListView, ApiView, read_query
from portal.api.serializers import EstimateSerializer, MonthFilter, StatementSerializer
from portal.models import PlanTerms, Rate, Role
from portal.payment import get_provider
from portal.plans import size_prices
from portal.statement_files import CSV, PDF, as_csv, as_pdf
from portal.usage import Estimate, Statement, make_statement


class PlanSerializer(serializers.ModelSerializer[PlanTerms]):
    class Meta:
        model = PlanTerms
        fields: tuple[str, ...] = ("plan", "days", "deployments", "sizes", "high_availability", "log_days")
        read_only_fields = fields
        extra_kwargs = {
            "days": {"help_text": "How long it lasts; null: until it is ended"},
            "deployments": {"help_text": "The most at a time; null: no limit"},
            "sizes": {"help_text": "Codes of those allowed; none: all"},
            "log_days": {"help_text": "How long the log of requests is kept"},
        }

    sizes = serializers.ListField(child=serializers.CharField(), read_only=True)


class RateSerializer(serializers.ModelSerializer[Rate]):
    class Meta:
        model = Rate
        fields: tuple[str, ...] = ("name", "unit", "cents")
        read_only_fields = fields


class EstimateFilter(serializers.Serializer[Any]):
    size = serializers.CharField(max_length=20, help_text="The code of a size")
    hours = serializers.IntegerField(min_value=0, max_value=744, default=730, help_text="In a month")
    requests = serializers.IntegerField(min_value=0, max_value=100_000, default=0, help_text="Millions")
    stored = serializers.IntegerField(min_value=0, max_value=1_000_000, default=0, help_text="GiB")
    high_availability = serializers.BooleanField(default=False)

    def validate_size(self, size: str) -> str:
        if size not in size_prices():
            raise serializers.ValidationError("There is no such size.")
        return size


class PlanList(ApiListView[PlanTerms]):
    @extend_schema(operation_id="plans_list", responses=PlanSerializer(many=True))
    def get(self, request: Request) -> Response:
        """What each plan allows."""
        return self.page_of(PlanTerms.objects.all(), PlanSerializer)


class RateList(ApiListView[Rate]):
    @extend_schema(operation_id="rates_list", responses=RateSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The prices of requests and storage; those of running hours are in `/sizes/`."""
        return self.page_of(Rate.objects.all(), RateSerializer)


class EstimateDetail(ApiView):
    @extend_schema(parameters=[EstimateFilter], responses=EstimateSerializer)
    def get(self, request: Request) -> Response:
        """What a month of one deployment would cost."""
        asked = read_query(EstimateFilter, request)
        asked["highly_available"] = asked.pop("high_availability")
        lines = Estimate(**asked).lines()
        return Response(
            EstimateSerializer({"lines": lines, "total": sum(line.amount for line in lines)}).data
        )


def _statement(request: Request, slug: str) -> Statement:
    tenant = membership_for(request, slug, Role.READ).tenant
    month = read_query(MonthFilter, request).get("month") or f"{timezone.now():%Y-%m}"
    return make_statement(tenant, datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC))


class Usage(ApiView):
    @extend_schema(parameters=[MonthFilter], responses=StatementSerializer)
    def get(self, request: Request, slug: str) -> Response:
        """The statement of a month, and how it is paid. Each hour of the clock in which a deployment ran counts as a whole one."""
        statement = _statement(request, slug)
        payment = get_provider().state_of(statement)
        return Response({**StatementSerializer(statement).data, "payment": payment.words})


class UsageCsv(ApiView):
    @extend_schema(parameters=[MonthFilter], responses={(200, CSV): OpenApiTypes.STR})
    def get(self, request: Request, slug: str) -> HttpResponse:
        """The statement of a month as CSV."""
        return as_csv(_statement(request, slug))


class UsagePdf(ApiView):
    @extend_schema(parameters=[MonthFilter], responses={(200, PDF): OpenApiTypes.BINARY})
    def get(self, request: Request, slug: str) -> HttpResponse:
        """The statement of a month as PDF."""
        return as_pdf(_statement(request, slug))
