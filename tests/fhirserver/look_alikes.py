"""A second partition full of look-alikes: whatever a test stores in its own is there too, under the same ids and identifiers.

Each look-alike carries a mark that no answer of the test's own partition may show. Beside each stands a copy that refers to other
resources of the same types, so that a join that strays into this partition finds what it should not.
"""

from collections.abc import Iterator
from typing import Any

from fhirserver import bulk
from fhirserver.connection import fetch
from fhirserver.partitions import Partition, reserve
from fhirspec import json

MARK = "look-alike"
_TAG = {"system": "urn:fireside:test", "code": MARK}
Resource = dict[str, Any]


class LookAlikes:
    """The neighbour of one partition. It is filled by the production path of bulk loading."""

    def __init__(self, watched: Partition) -> None:
        self.watched = watched
        self.partition = reserve(watched.region)
        self._seen: set[tuple[int, int]] = set()
        self._newest = 0
        self._ids: dict[str, list[str]] = {}
        self._loaded = self._state()

    def foresee(self, body: Any) -> None:
        """Store what a request is about to write, before the request can."""
        self._load([dict(one) for one in _resources_in(body)])

    def follow(self) -> None:
        """Store what was written to the watched partition since the last look."""
        rows = fetch(
            self.watched.region,
            "SELECT rid, version, updated, content FROM fhir_resource"
            " WHERE partition = %s AND updated >= %s AND method <> 'DELETE' ORDER BY updated",
            (self.watched.number, self._newest),
        )
        new = [row for row in rows if (row[0], row[1]) not in self._seen]
        if new:
            self._seen.update((row[0], row[1]) for row in new)
            self._newest = new[-1][2]
            self._load([json.decode(bytes(row[3])) for row in new])

    def _load(self, resources: list[Resource]) -> None:
        if not resources:
            return
        for one in resources:
            meta = dict(one.get("meta") or {})
            one["meta"] = {**meta, "tag": [*meta.get("tag", []), _TAG]}
            one.setdefault("id", f"foreseen-{len(self._loaded)}")
            known = self._ids.setdefault(one["resourceType"], [])
            if one["id"] not in known:
                known.append(one["id"])
        swapped = [{**self._swapped(one), "id": f"{one['id'][:58]}-other"} for one in resources]
        bulk.load(self.partition, [*resources, *swapped], validate=True, refused=lambda _: None)
        self._loaded = self._state()

    def _swapped(self, node: Any) -> Any:
        """The same with every reference turned to the next resource of its type."""
        if isinstance(node, list):
            return [self._swapped(one) for one in node]
        if not isinstance(node, dict):
            return node
        made = {key: self._swapped(value) for key, value in node.items()}
        if isinstance(made.get("reference"), str):
            made["reference"] = self._next(made["reference"])
        return made

    def _next(self, reference: str) -> str:
        resource_type, _, logical_id = reference.partition("/")
        known = self._ids.get(resource_type, [])
        if logical_id not in known:
            return reference
        return f"{resource_type}/{known[(known.index(logical_id) + 1) % len(known)]}"

    def _state(self) -> set[tuple[Any, ...]]:
        both = " UNION ALL ".join(
            f"SELECT rid, version, method FROM {table} WHERE partition = %s"
            for table in ("fhir_resource", "fhir_history")
        )
        return set(fetch(self.partition.region, both, [self.partition.number] * 2))

    def require_untouched(self) -> None:
        assert self._state() == self._loaded, "a test wrote to its neighbour's partition"


def _resources_in(body: Any) -> Iterator[Resource]:
    """The resources that a body would store: itself, or those of a Bundle's entries."""
    if not isinstance(body, dict) or not isinstance(body.get("resourceType"), str):
        return
    if body["resourceType"] != "Bundle":
        if body["resourceType"] != "Parameters":
            yield body
        return
    for entry in body.get("entry") or []:
        if isinstance(entry, dict):
            yield from _resources_in(entry.get("resource"))
