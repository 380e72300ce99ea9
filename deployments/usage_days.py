"""A deployment's days: what it stored, measured here once a day, and its requests, which the gateway counts."""

import logging
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from django.db import DatabaseError
from django.db.models import Sum
from django.utils import timezone

from deployments.models import Deployment, UsageDay
from fhirserver import partitions
from fhirserver.partitions import Partition
from portal.models import Rate, Tenant
from portal.plans import rate_of
from portal.subscriptions import is_free
from portal.usage import UsageLine

logger = logging.getLogger(__name__)

GIB = 2**30
MILLION = 1_000_000


def day_of(deployment: Deployment, day: date) -> UsageDay:
    """The row of that day, made with the prices of now when there is none; in a trial nothing is charged."""
    found = UsageDay.objects.filter(deployment_id=deployment.pk, day=day).first()
    if found is None:
        charged = not is_free(deployment.tenant_id)
        found, _ = UsageDay.objects.get_or_create(
            deployment_id=deployment.pk,
            day=day,
            defaults={
                "tenant_id": deployment.tenant_id,
                "name": deployment.name,
                "request_price": rate_of(Rate.Name.REQUESTS) if charged else 0,
                "storage_price": rate_of(Rate.Name.STORAGE) if charged else 0,
            },
        )
    return found


def measure_storage() -> int:
    """Measure each deployment that was not measured today; returns how many. A store that does not answer is asked again."""
    today = timezone.now().date()
    measured = UsageDay.objects.filter(day=today, stored_bytes__isnull=False).values("deployment_id")
    waiting = Deployment.objects.filter(partition__isnull=False).exclude(pk__in=measured)
    return sum(_measure(deployment, today) for deployment in waiting.select_related("region"))


def _measure(deployment: Deployment, today: date) -> bool:
    partition = Partition(deployment.region.database, deployment.partition or 0)
    try:
        stored, resources = partitions.stored_bytes(partition), partitions.count_resources(partition)
    except DatabaseError as error:
        logger.warning("the storage of %s could not be measured (%s)", deployment.pk, error)
        return False
    row = day_of(deployment, today)
    UsageDay.objects.filter(pk=row.pk).update(stored_bytes=stored, resources=resources)
    return True


def lines_of(tenant: Tenant, start: datetime, end: datetime) -> Iterator[UsageLine]:
    """The requests and the storage of each deployment in the month; a change of prices within it gives a line more."""
    days = UsageDay.objects.filter(tenant=tenant, day__gte=start.date(), day__lt=end.date())
    for row in (
        days.values("name", "request_price").annotate(total=Sum("requests")).order_by("name", "request_price")
    ):
        if row["total"]:
            price = Decimal(row["request_price"]) / MILLION
            yield UsageLine(row["name"], "Requests", Decimal(row["total"]), "request", price)
    length = monthrange(start.year, start.month)[1]
    stored = (
        days.filter(stored_bytes__gt=0).values("name", "storage_price").annotate(total=Sum("stored_bytes"))
    )
    for kept in stored.order_by("name", "storage_price"):
        months = (Decimal(kept["total"]) / GIB / length).quantize(Decimal("0.000001"))
        yield UsageLine(kept["name"], "Storage", months, "GiB-month", Decimal(kept["storage_price"]))
