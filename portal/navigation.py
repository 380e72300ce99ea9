"""Where apps above the portal register what the shell shows: entries, deployment tabs, banners.

Call these from `AppConfig.ready`. The portal imports nothing from above; it only holds what it was given.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from django.http import HttpRequest
from django.urls import NoReverseMatch, ResolverMatch, reverse

from portal.models import Role, Tenant


@dataclass(frozen=True)
class Entry:
    """A line of the left navigation.

    `url_name` is reversed with the current tenant's slug when `of_tenant` is set; `prefix` is the path
    under which the entry is the current one.
    """

    slug: str
    label: str
    url_name: str
    icon: str
    order: int
    prefix: str
    of_tenant: bool = False

    def url(self, tenant: Tenant | None) -> str:
        if self.of_tenant and tenant is not None:
            return reverse(self.url_name, args=[tenant.slug])
        return reverse("portal:tenants") if self.of_tenant else reverse(self.url_name)


@dataclass(frozen=True)
class Tab:
    """A tab of each deployment's pages; `url_name` is reversed with the Deployment ID as only argument."""

    slug: str
    label: str
    url_name: str
    role: Role
    order: int


@dataclass(frozen=True)
class Banner:
    """A line above the page. With a `name` it can be dismissed for the session; make the name change with its cause."""

    text: str
    kind: Literal["info", "warning", "error"] = "info"
    name: str = ""
    url: str = ""
    label: str = ""


BannerSource = Callable[[HttpRequest, Tenant], Iterable[Banner]]

TenantOf = Callable[[str], int | None]

_owners: dict[str, TenantOf] = {}
_entries: dict[str, Entry] = {}
_tabs: dict[str, Tab] = {}
_banner_sources: list[BannerSource] = []


def register_entry(entry: Entry) -> None:
    _entries[entry.slug] = entry


def register_tab(tab: Tab) -> None:
    _tabs[tab.slug] = tab


def register_banners(source: BannerSource) -> None:
    """`source(request, tenant)` gives the banners of the current tenant; it runs on every page, so be quick."""
    if source not in _banner_sources:
        _banner_sources.append(source)


def register_owner(parameter: str, tenant_of: TenantOf) -> None:
    """`tenant_of(value)` gives the primary key of the tenant to which the thing belongs that this parameter of an address names."""
    _owners[parameter] = tenant_of


def owner_of_page(match: ResolverMatch | None) -> int | str | None:
    """The primary key or the slug of the tenant to which the address belongs; None for pages of no tenant."""
    if match is None:
        return None
    if match.route.startswith("tenants/<slug:slug>/"):
        return str(match.kwargs["slug"])
    named = next((name for name in match.kwargs if name in _owners), None)
    return _owners[named](match.kwargs[named]) if named else None


def list_entries() -> list[Entry]:
    return sorted(_entries.values(), key=lambda entry: entry.order)


def list_tabs(role: Role) -> list[Tab]:
    """The deployment tabs that this role may open, in order."""
    return sorted((tab for tab in _tabs.values() if tab.role <= role), key=lambda tab: tab.order)


def list_banners(request: HttpRequest, tenant: Tenant) -> list[Banner]:
    return [banner for source in _banner_sources for banner in source(request, tenant)]


def find_entry(slug: str) -> Entry | None:
    return _entries.get(slug)


def entry_url(entry: Entry, tenant: Tenant | None) -> str | None:
    """The entry's address, or None while its page is not mounted in this installation."""
    try:
        return entry.url(tenant)
    except NoReverseMatch:
        return None
