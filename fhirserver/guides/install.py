"""Install, upgrade and remove guides. Each may run twice: what is there already is left alone."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from fhirserver import bulk
from fhirserver.access import FULL
from fhirserver.connection import atomic, execute, fetch
from fhirserver.guides.guide import Brought, Guide
from fhirserver.guides.memory import NO_GUIDES, Guides, Writes, forget_guides, guides_of
from fhirserver.guides.plan import Plan, plan
from fhirserver.partitions import Partition
from fhirserver.store import Store, deletion_of, now_us
from fhirspec import json
from fhirspec.package import PackageProblem, read_package

Report = Callable[[int, int], None]
_BUILT_IN = "hl7.fhir.r4.core"


def _silent(done: int, total: int) -> None:
    """Nobody wants to know."""


def install(partition: Partition, package: bytes, report: Report = _silent) -> Guide:
    """Store a package's resources, the older version's leftovers removed, and make its definitions known.

    Data that was stored before has to be indexed again: `fhirserver.reindex`. Raises PackageProblem.
    """
    planned = plan(read_package(package))
    _require_free(partition, planned)
    before = _guide(partition, planned.guide.name)
    stored = 0
    for batch in bulk.batches(planned.resources):
        bulk.store_batch(_store(partition), [dict(one) for one in batch])
        stored += len(batch)
        report(stored, len(planned.resources))
    kept = {one.rid for one in planned.guide.resources}
    _delete(partition, [one for one in before.resources if one.rid not in kept] if before else [])
    _save(partition, planned.guide, before)
    return planned.guide


def count_coming(partition: Partition, package: bytes) -> int:
    """How many resources the package would add to those that are stored. Raises PackageProblem."""
    rids = [one.rid for one in plan(read_package(package)).guide.resources]
    store = _store(partition)
    return len(rids) - sum(len(store.get_many(batch)) for batch in _tens(rids))


def uninstall(partition: Partition, name: str) -> None:
    """Remove a guide with its resources; profiles that resources claim are then unknown. Nothing happens when it is not there."""
    guide = _guide(partition, name)
    if guide is None:
        return
    _delete(partition, guide.resources)
    with atomic(partition.region):
        execute(
            partition.region,
            "DELETE FROM fhir_guide WHERE partition = %s AND name = %s",
            (partition.number, name),
        )
        _publish(partition, unready={one.base for one in guide.parameters})
    forget_guides(partition.region, partition.number)


def check_writes(partition: Partition, writes: Writes) -> None:
    """Say which profiles a resource has to meet to be stored."""
    with atomic(partition.region):
        _publish(partition, writes=writes)
    forget_guides(partition.region, partition.number)


def missing_dependencies(guide: Guide, guides: Guides) -> dict[str, str]:
    """The packages that a guide builds on and that are not installed beside it: name to version."""
    there = {one.name for one in guides.installed}
    return {
        name: version
        for name, version in guide.dependencies.items()
        if name != _BUILT_IN and name not in there
    }


def _store(partition: Partition) -> Store:
    return Store(partition, FULL, is_installing=True)


def _guide(partition: Partition, name: str) -> Guide | None:
    forget_guides(partition.region, partition.number)
    return next((one for one in guides_of(partition).installed if one.name == name), None)


def _require_free(partition: Partition, planned: Plan) -> None:
    """Refuse to replace what is not the guide's: a resource of the same id with another canonical URL."""
    store = _store(partition)
    by_rid = {one.rid: one for one in planned.guide.resources}
    for batch in _tens(list(by_rid)):
        for rid, current in store.get_many(batch).items():
            wanted = by_rid[rid]
            if json.decode(current.content or b"{}").get("url") != wanted.url:
                raise PackageProblem(
                    f"{wanted.type}/{wanted.logical_id} is already stored here and is not {wanted.url}. Delete or rename it first."
                )
    owners = {
        one.rid: guide.name
        for guide in guides_of(partition).installed
        if guide.name != planned.guide.name
        for one in guide.resources
    }
    taken = next((rid for rid in by_rid if rid in owners), None)
    if taken is not None:
        raise PackageProblem(f"{by_rid[taken].url} is already here with the guide {owners[taken]}.")


def _tens(rids: list[int]) -> Iterable[list[int]]:
    return (rids[start : start + bulk.BATCH] for start in range(0, len(rids), bulk.BATCH))


def _delete(partition: Partition, gone: Iterable[Brought]) -> None:
    store = _store(partition)
    for batch in _tens([one.rid for one in gone]):
        currents = store.get_many_to_change(batch)
        changes = [deletion_of(one) for one in currents.values() if not one.deleted]
        if changes:
            store.write(changes)


def _save(partition: Partition, guide: Guide, before: Guide | None) -> None:
    old, new = set(before.parameters if before else ()), set(guide.parameters)
    with atomic(partition.region):
        execute(
            partition.region,
            "INSERT INTO fhir_guide (partition, name, content) VALUES (%s, %s, %s)"
            " ON CONFLICT (partition, name) DO UPDATE SET content = excluded.content",
            (partition.number, guide.name, msgspec.json.encode(guide)),
        )
        _publish(partition, unready={one.base for one in old ^ new})
    forget_guides(partition.region, partition.number)


def _publish(partition: Partition, *, unready: Iterable[str] = (), writes: Writes | None = None) -> None:
    """A new version of the partition's definitions: every process reads them again within a second."""
    rows = fetch(
        partition.region,
        "SELECT version, writes, unready FROM fhir_definitions WHERE partition = %s",
        [partition.number],
    )
    version, kept, waiting = rows[0] if rows else (0, NO_GUIDES.writes, "{}")
    places: dict[str, Any] = {**msgspec.json.decode(waiting), **dict.fromkeys(unready)}
    execute(
        partition.region,
        "INSERT INTO fhir_definitions (partition, version, writes, unready) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (partition) DO UPDATE SET version = excluded.version, writes = excluded.writes,"
        " unready = excluded.unready",
        (
            partition.number,
            max(now_us(), version + 1),
            str(writes if writes is not None else kept),
            msgspec.json.encode(places).decode(),
        ),
    )


__all__ = ["check_writes", "count_coming", "install", "missing_dependencies", "uninstall"]
