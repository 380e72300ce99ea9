"""What the operator of an installation sees: tenants and their plans, and sections that apps above register."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Count, OuterRef, QuerySet, Subquery

from portal.models import Subscription, Tenant


@dataclass(frozen=True)
class OperatorSection:
    """A table of the operator's page: regions, jobs, health. `rows` are as long as `columns`; `link`: words and the name of the URL where one acts on it."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    link: tuple[str, str] = ("", "")


SectionSource = Callable[[], OperatorSection]
_sources: list[SectionSource] = []


def register_section(source: SectionSource) -> None:
    if source not in _sources:
        _sources.append(source)


def list_sections() -> list[OperatorSection]:
    return [source() for source in _sources]


def list_all_tenants(search: str = "") -> QuerySet[Tenant]:
    """Every tenant, newest first, with `member_count` and `plan`; `search` is part of its name or address."""
    plan = Subscription.objects.filter(tenant=OuterRef("pk")).values("plan")[:1]
    tenants = Tenant.objects.annotate(member_count=Count("memberships"), plan=Subquery(plan)).order_by(
        "-created"
    )
    return (
        tenants.filter(name__icontains=search) | tenants.filter(slug__icontains=search) if search else tenants
    )
