"""A deployment's own part of a region's store: reserve it, count what it holds. fhirserver.clearing empties it."""

import time
from dataclasses import dataclass, field

from django.db import connections, transaction
from django.db.utils import IntegrityError

from fhirserver.guides.memory import forget_guides


@dataclass(frozen=True, slots=True)
class Partition:
    """`region` is the alias of the store's database connection, `number` is unique in that store for ever.

    `base`: the address of the endpoint, without trailing slash, where it is known: a reference that begins with it is a local one.
    """

    region: str
    number: int
    base: str = field(default="", compare=False)


def reserve(region: str) -> Partition:
    """A new, empty partition of the region's store."""
    while True:
        try:
            with transaction.atomic(using=region), connections[region].cursor() as cursor:
                cursor.execute("SELECT coalesce(max(number), 0) + 1 FROM fhir_partition")
                number = int(cursor.fetchone()[0])
                cursor.execute(
                    "INSERT INTO fhir_partition (number, reserved, dropped) VALUES (%s, %s, NULL)",
                    [number, time.time_ns() // 1000],
                )
            forget_guides(region, number)
            return Partition(region, number)
        except IntegrityError:
            # Another process reserved the same number in this moment.
            continue


def counts_by_type(partition: Partition) -> dict[str, int]:
    """How many current resources there are of each type that has any, by name."""
    with connections[partition.region].cursor() as cursor:
        cursor.execute(
            "SELECT type, count(*) FROM fhir_resource WHERE partition = %s AND method <> 'DELETE'"
            " GROUP BY type ORDER BY type",
            [partition.number],
        )
        return dict(cursor.fetchall())


def count_resources(partition: Partition) -> int:
    return sum(counts_by_type(partition).values())


def stored_bytes(partition: Partition) -> int:
    """The JSON of all resources and their versions, in bytes. Walks the partition: seconds for ten million resources."""
    total = 0
    with connections[partition.region].cursor() as cursor:
        for table in ("fhir_resource", "fhir_history"):
            cursor.execute(
                f"SELECT coalesce(sum(length(content)), 0) FROM {table} WHERE partition = %s",
                [partition.number],
            )
            total += int(cursor.fetchone()[0])
    return total
