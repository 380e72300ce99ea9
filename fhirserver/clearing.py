"""Take a partition's resources out of the store, a slice of them at a time.

Each slice is a short transaction that takes some resources with all their rows: others write meanwhile, no resource is ever there in part,
and whoever is stopped goes on by beginning again.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from fhirserver.connection import atomic, execute, fetch, is_postgresql, one_of
from fhirserver.dialect.changes import Change
from fhirserver.guides.memory import forget_guides, guides_of
from fhirserver.index_writing import write_index_rows
from fhirserver.numbers import FIRST
from fhirserver.partitions import Partition
from fhirserver.rows import NO_ROWS
from fhirserver.schema import ANSWER_TABLES, GUIDE_TABLES, PARTITIONED_TABLES
from fhirserver.search.fulltext import forget_texts
from fhirserver.store import CURRENT_COLUMNS, DELETED, Current, change_of, now_us

SLICE = 200
BREATH = 0.5
"""So much of the time that a slice took is left to other writers before the next: SQLite has one writer, and its queue is not fair."""

Report = Callable[[int], None]


def _silent(done: int) -> None:
    """Nobody wants to know."""


def clear(partition: Partition, report: Report = _silent) -> int:
    """Delete every resource with its versions but those of installed guides; how many it were.

    `report` is told after each slice how many are gone. What others write meanwhile is there as a whole or not at all.
    """
    forget_guides(partition.region, partition.number)
    # What a load had stored is gone: one that is tried again begins at its beginning.
    _empty(partition, ANSWER_TABLES)
    spared = {one.rid for guide in guides_of(partition).installed for one in guide.resources}
    return _take_out(partition, spared, report)


def drop(partition: Partition, report: Report = _silent) -> None:
    """Take everything out and retire the partition's number."""
    _take_out(partition, set(), report)
    _empty(partition, (*PARTITIONED_TABLES, *GUIDE_TABLES, *ANSWER_TABLES))
    forget_guides(partition.region, partition.number)
    execute(
        partition.region,
        "UPDATE fhir_partition SET dropped = %s WHERE number = %s",
        [now_us(), partition.number],
    )


def _empty(partition: Partition, tables: Iterable[str]) -> None:
    for table in tables:
        execute(partition.region, f"DELETE FROM {table} WHERE partition = %s", [partition.number])


def _take_out(partition: Partition, spared: set[int], report: Report) -> int:
    done, last = 0, FIRST
    while True:
        began = time.monotonic()
        with atomic(partition.region):
            found = _slice(partition, last)
            gone = [one for one in found if one.rid not in spared]
            _delete(partition, gone)
        if not found:
            return done
        last = found[-1].rid
        done += sum(not one.deleted for one in gone)
        report(done)
        time.sleep((time.monotonic() - began) * BREATH)


def _slice(partition: Partition, last: int) -> list[Current]:
    """The next resources by number, deleted ones too, held for this transaction."""
    lock = " FOR UPDATE" if is_postgresql(partition.region) else ""
    rows = fetch(
        partition.region,
        f"SELECT {CURRENT_COLUMNS} FROM fhir_resource WHERE partition = %s AND rid > %s ORDER BY rid LIMIT {SLICE}{lock}",
        (partition.number, last),
    )
    return [Current(*row) for row in rows]


def _delete(partition: Partition, resources: Sequence[Current]) -> None:
    if not resources:
        return
    region, number = partition.region, partition.number
    write_index_rows(region, number, [_without_rows(one) for one in resources])
    by_type = sorted((one.type, one.rid) for one in resources)
    for resource_type, rows in groupby(by_type, key=lambda row: row[0]):
        forget_texts(partition, resource_type, [rid for _, rid in rows])
    among, listed = one_of(region, [one.rid for one in resources])
    for table in ("fhir_history", "fhir_resource"):
        execute(region, f"DELETE FROM {table} WHERE partition = %s AND rid {among}", (number, listed))


def _without_rows(current: Current) -> Change:
    return change_of(current, current.type, current.logical_id, current.updated, DELETED, None, NO_ROWS)
