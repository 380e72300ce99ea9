"""What one may choose from: sizes with their prices, regions, synthetic data sets."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from deployments.api import serializers
from deployments.models import Region
from deployments.presets import PRESETS, Preset
from deployments.selectors import list_open_regions
from deployments.sizes import SIZES
from portal.api.base import ApiListView
from portal.plans import size_prices


class SizeList(ApiListView[Any]):
    @extend_schema(operation_id="sizes_list", responses=serializers.SizeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The sizes of deployments: what each allows, and its price by the running hour."""
        prices = size_prices()
        offers = [
            {
                "size": size,
                "hour": prices[size.code].hour,
                "hour_highly_available": prices[size.code].hour_highly_available,
            }
            for size in SIZES
        ]
        return self.page_of(offers, serializers.SizeSerializer)


class RegionList(ApiListView[Region]):
    @extend_schema(operation_id="regions_list", responses=serializers.RegionSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Where deployments can be created."""
        return self.page_of(list_open_regions(), serializers.RegionSerializer)


class PresetList(ApiListView[Preset]):
    @extend_schema(operation_id="presets_list", responses=serializers.PresetSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Data of people who never lived, to begin with."""
        return self.page_of([preset for preset in PRESETS if preset.code], serializers.PresetSerializer)
