"""Many resources at once: preloaded data, uploads, imports. The same indexing and the same versions as a single write.

Loading the same data again changes nothing: a resource that is there already with the same content is left alone.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from fhirserver.access import FULL
from fhirserver.connection import WriteConflict, stream
from fhirserver.limits import WRITE_ATTEMPTS
from fhirserver.outcomes import BadRequest, Conflict, FhirError
from fhirserver.partitions import Partition
from fhirserver.store import Change, Current, Store, rid_of
from fhirserver.writing import new_logical_id, prepare, require_id, require_valid
from fhirspec import json
from fhirspec.catalogue import get_catalogue

BATCH = 200
Report = Callable[[int], None]
Note = Callable[[int], None]
Resource = dict[str, Any]


class Refused(NamedTuple):
    """A resource that was not loaded: its place in the input, counted from 1, and why."""

    number: int
    error: FhirError


def load(
    partition: Partition,
    resources: Iterable[Resource],
    *,
    validate: bool = False,
    report: Report | None = None,
    refused: Callable[[Refused], None] | None = None,
    note: Note | None = None,
) -> int:
    """Store every resource under its own id (or a new one) and return how many there are now of them.

    `report` is told the number handled so far after each batch, which is a transaction of its own; `note` is told the number stored in
    that transaction, perhaps more than once, to keep with it how far this is. An invalid resource is told to `refused` and left out;
    without `refused` it raises FhirError. A transaction Bundle has to go through the engine instead.
    """
    store = Store(partition, FULL)
    loaded, seen = 0, 0
    for batch in batches(resources):
        good = list(_checked(batch, seen, validate, refused))
        loaded += len(good)
        store_batch(store, good, partial(note, loaded) if note else None)
        seen += len(batch)
        if report is not None:
            report(seen)
    return loaded


def dump(partition: Partition, resource_type: str) -> Iterator[bytes]:
    """The current resources of a type as their stored JSON, streamed: memory stays flat."""
    rows = stream(
        partition.region,
        "SELECT content FROM fhir_resource WHERE partition = %s AND type = %s AND method <> 'DELETE' ORDER BY rid",
        (partition.number, resource_type),
    )
    for (content,) in rows:
        yield bytes(content)


def batches(resources: Iterable[Resource]) -> Iterator[list[Resource]]:
    """BATCH at a time: as many as one transaction takes."""
    remaining = iter(resources)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def _checked(
    batch: list[Resource], before: int, validate: bool, refused: Callable[[Refused], None] | None
) -> Iterator[Resource]:
    for number, resource in enumerate(batch, start=before + 1):
        try:
            check(resource, validate)
        except FhirError as error:
            if refused is None:
                raise
            refused(Refused(number, error))
        else:
            yield resource


def check(resource: Any, validate: bool = True) -> None:
    """Raises FhirError for what `load` would refuse."""
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if kind not in get_catalogue().resource_type_set:
        found = f"“{str(kind)[:64]}” is no type of FHIR R4 (4.0.1)" if kind else "its resourceType is missing"
        raise BadRequest(f"Not a FHIR R4 resource: {found}.")
    if "id" in resource:
        require_id(str(resource["id"]))
    if validate:
        require_valid(resource)


def store_batch(store: Store, batch: list[Resource], note: Callable[[], None] | None = None) -> None:
    """Store them in one transaction, and what `note` writes; what is there already with the same content is left alone."""
    # Of two resources with one id the later stands.
    named = {(one["resourceType"], one.setdefault("id", new_logical_id())): one for one in batch}
    for _ in range(WRITE_ATTEMPTS):
        currents = store.get_many_to_change([rid_of(*key) for key in named])
        changes = list(_changes(store, named.values(), currents))
        try:
            _write(store, changes, note)
        except WriteConflict:
            continue
        return
    raise Conflict("Other writes of the same resources kept coming first.")


def _write(store: Store, changes: list[Change], note: Callable[[], None] | None) -> None:
    if note is None:
        if changes:
            store.write(changes)
        return
    with store.atomic():
        if changes:
            store.write(changes)
        note()


def _changes(store: Store, resources: Iterable[Resource], currents: dict[int, Current]) -> Iterator[Change]:
    for resource in resources:
        current = currents.get(rid_of(resource["resourceType"], resource["id"]))
        if current is None or current.deleted or not _is_same(resource, current):
            yield prepare(store, resource, resource["id"], current, "PUT")


def _is_same(resource: Resource, current: Current) -> bool:
    return _comparable(resource) == _comparable(json.decode(current.content or b"{}"))


def _comparable(resource: Resource) -> Resource:
    meta = {k: v for k, v in resource.get("meta", {}).items() if k not in ("versionId", "lastUpdated")}
    return {**{key: value for key, value in resource.items() if key != "meta"}, "meta": meta}
