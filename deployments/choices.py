"""What the wizard and the settings offer, with what each choice costs and why one cannot be taken."""

from dataclasses import dataclass
from typing import Any

from deployments.models import Region, ServiceLevel
from deployments.presets import PRESETS, Preset, get_preset
from deployments.selectors import list_open_regions
from deployments.sizes import SIZES, Size, get_size
from portal.models import SizePrice, Tenant
from portal.plans import size_prices
from portal.subscriptions import get_entitlement, is_free
from portal.templatetags.money import euros


@dataclass(frozen=True)
class SizeOption:
    """A size as a tenant may choose it: `refusal` says why not, empty when it may."""

    size: Size
    refusal: str
    price: str

    @property
    def limits(self) -> str:
        size = self.size
        return (
            f"{size.requests_per_second:,} requests/s · {size.concurrent_requests} at a time · "
            f"{size.stored_resources:,} resources · {size.bulk_jobs} bulk job{'' if size.bulk_jobs == 1 else 's'}"
        )


@dataclass(frozen=True)
class RegionOption:
    code: str
    title: str
    provider: str
    highly_available: bool
    refusal: str


def price_of(tenant: Tenant, size: str, high_availability: bool) -> str:
    """The price of a running hour, for people: "€0.04 an hour", "free in the trial, then €0.04 an hour"."""
    return _words(size_prices()[size], high_availability, is_free(tenant.pk))


def _words(price: SizePrice, high_availability: bool, free: bool) -> str:
    cents = price.hour_highly_available if high_availability else price.hour
    return f"{'free in the trial, then ' if free else ''}{euros(cents)} an hour"


def list_sizes(tenant: Tenant) -> list[SizeOption]:
    entitlement, prices, free = get_entitlement(tenant), size_prices(), is_free(tenant.pk)
    refusals = {
        size: entitlement.refusal(existing=-1, size=size.code, high_availability=False) for size in SIZES
    }
    return [
        SizeOption(size, refusal, _words(prices[size.code], False, free and not refusal))
        for size, refusal in refusals.items()
    ]


def list_presets() -> tuple[Preset, ...]:
    return PRESETS


def list_regions(high_availability: bool) -> list[RegionOption]:
    return [
        RegionOption(
            region.name,
            region.title,
            region.provider,
            region.highly_available,
            "No standby server here" if high_availability and not region.highly_available else "",
        )
        for region in list_open_regions()
    ]


def summarise(tenant: Tenant, given: dict[str, dict[str, Any]]) -> list[tuple[str, str, str]]:
    """The review's lines: label, value, and the step that changes it."""
    options, name = given["options"], given["name"]
    upstream = options.get("upstream", "")
    size = get_size(options["size"])
    price = price_of(tenant, size.code, options["high_availability"])
    region = Region.objects.get(name=given["cloud"]["region"])
    return [
        ("Service", f"Connected server {upstream}" if upstream else "FHIR R4 server, embedded", "options"),
        ("Size", f"{size.title}, {price}", "options"),
        ("High availability", "Yes" if options["high_availability"] else "No", "options"),
        ("Preloaded data", get_preset("" if upstream else options["preset"]).title, "options"),
        ("Region", f"{region.provider} / {region.title}", "cloud"),
        ("Name", name["name"], "name"),
        ("Service level", ServiceLevel(name["service_level"]).label, "name"),
    ]
