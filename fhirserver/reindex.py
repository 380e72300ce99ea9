"""Bring the index rows of stored resources up to date with the search parameters of the partition's guides.

Runs beside reads and writes: a batch is a short transaction, and whatever is written meanwhile is indexed by the new parameters
anyway. How far it is stands in `fhir_definitions.unready`, so another process can go on where one was stopped.
"""

import time
from collections.abc import Callable
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

from fhirserver.connection import atomic, execute, fetch, is_postgresql
from fhirserver.guides.memory import LIFETIME, forget_guides, guides_of
from fhirserver.index_writing import write_index
from fhirserver.indexing.extract import index_rows
from fhirserver.partitions import Partition
from fhirserver.rows import pack
from fhirserver.store import CURRENT_COLUMNS, Current, change_of, now_us
from fhirspec import json
from fhirspec.definitions import SearchParameter

BATCH = 200
SETTLE = 2 * LIFETIME
"""Seconds until every process writes with the new parameters, its requests under way included."""

Report = Callable[[int, int], None]


class DefinitionsChanged(Exception):
    """A guide was installed or removed meanwhile."""


def reindex(
    partition: Partition, report: Report = lambda done, total: None, settle: float | None = None
) -> int:
    """Index every type that needs it, and return how many resources were looked at. `report` gets that and the total after each batch."""
    done = 0
    while True:
        version, places = _state(partition)
        if not places:
            return done
        time.sleep(max(0.0, (SETTLE if settle is None else settle) - (now_us() - version) / 1_000_000))
        try:
            total = done + sum(_count(partition, name) for name in places)
            for name in sorted(places):
                done = _reindex_type(partition, version, places, name, done, partial(_tell, report, total))
        except DefinitionsChanged:
            continue


def _tell(report: Report, total: int, done: int) -> None:
    """Resources that were written meanwhile are looked at twice."""
    report(done, max(done, total))


def _reindex_type(
    partition: Partition,
    version: int,
    places: dict[str, Any],
    name: str,
    done: int,
    report: Callable[[int], None],
) -> int:
    forget_guides(partition.region, partition.number)
    added = guides_of(partition).added_to(name)
    until = now_us()
    while True:
        with atomic(partition.region):
            rows = _batch(partition, name, places[name] or (-1, 0), until)
            _index(partition, rows, added)
            if len(rows) == BATCH:
                places[name] = (rows[-1].updated, rows[-1].rid)
            else:
                del places[name]
            _save(partition, version, places)
        done += len(rows)
        report(done)
        if name not in places:
            forget_guides(partition.region, partition.number)
            return done


def _batch(partition: Partition, name: str, place: tuple[int, int], until: int) -> list[Current]:
    """The next current resources of a type, held for this transaction."""
    lock = " FOR UPDATE" if is_postgresql(partition.region) else ""
    found = fetch(
        partition.region,
        f"SELECT {CURRENT_COLUMNS} FROM fhir_resource WHERE partition = %s AND type = %s AND (updated, rid) > (%s, %s)"
        f" AND updated <= %s ORDER BY updated, rid LIMIT {BATCH}{lock}",
        (partition.number, name, *place, until),
    )
    return [Current(*row) for row in found]


def _index(partition: Partition, resources: list[Current], added: tuple[SearchParameter, ...]) -> None:
    changes = []
    for one in resources:
        if one.content is None:
            continue
        rows = index_rows(json.decode(one.content), one.rid, one.updated, added, partition.base)
        if pack(rows) != bytes(one.postings):
            changes.append(
                change_of(one, one.type, one.logical_id, one.updated, one.method, one.content, rows)
            )
    if changes:
        write_index(partition.region, partition.number, changes)


def index_anew(region: str) -> None:
    """Write the index rows of all resources of a region again, where the way to make them has changed."""
    place = (-1, 0)
    statement = (
        f"SELECT partition, {CURRENT_COLUMNS} FROM fhir_resource WHERE (partition, rid) > (%s, %s)"
        f" ORDER BY partition, rid LIMIT {BATCH}"
    )
    while rows := fetch(region, statement, place):
        for number, found in groupby(rows, key=itemgetter(0)):
            partition, resources = Partition(region, number), [Current(*row[1:]) for row in found]
            for one in resources:
                _index(partition, [one], guides_of(partition).added_to(one.type))
        place = rows[-1][:2]


def _state(partition: Partition) -> tuple[int, dict[str, Any]]:
    rows = fetch(
        partition.region,
        "SELECT version, unready FROM fhir_definitions WHERE partition = %s",
        [partition.number],
    )
    return (rows[0][0], msgspec.json.decode(rows[0][1])) if rows else (0, {})


def _save(partition: Partition, version: int, places: dict[str, Any]) -> None:
    saved = execute(
        partition.region,
        "UPDATE fhir_definitions SET unready = %s WHERE partition = %s AND version = %s",
        (msgspec.json.encode(places).decode(), partition.number, version),
    )
    if saved.rowcount != 1:
        raise DefinitionsChanged


def _count(partition: Partition, name: str) -> int:
    found = fetch(
        partition.region,
        "SELECT count(*) FROM fhir_resource WHERE partition = %s AND type = %s",
        (partition.number, name),
    )
    return int(found[0][0])
