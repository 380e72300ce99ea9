"""The engine's part of Bulk Data export: what lines go into which file. Jobs, files and their addresses are the caller's.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from fhirserver.access import AccessGrant
from fhirserver.authorise import covers, covers_version
from fhirserver.connection import fetch
from fhirserver.indexing.keys import compartment_key, type_key
from fhirserver.interactions.read import readable
from fhirserver.numbers import LAST
from fhirserver.operations.export_reach import PROVENANCE, SUPPORTING, Reach, members_of, reached_types
from fhirserver.outcomes import BadRequest, Forbidden
from fhirserver.partitions import Partition, counts_by_type
from fhirserver.rows import unpack
from fhirserver.search.parse import CONTROLS
from fhirserver.search.query import read_query
from fhirserver.search.service import find_matches
from fhirserver.store import Store, Version
from fhirserver.subsets import Subset, subset_bytes
from fhirspec import json
from fhirspec.catalogue import get_catalogue

BATCH = 500
DELETIONS_IN_A_BUNDLE = 500
_ALL = 10_000_000
# Stored JSON has no blanks, and within a text its quotation marks would be escaped.
_BINARY_URL = b'"url":"Binary/'


@dataclass(frozen=True)
class ExportRequest:
    """What is exported. `level`: system, patient or group (then `group` is the Group's id). `types` empty: all. `since` and `until` in
    microseconds. `type_filters`: type to search queries, of which one must match. `elements`: names, plain or `Type.name`.
    `patients`: the ids of the only patients wanted; empty: all of the level."""

    level: str = "system"
    group: str = ""
    types: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    type_filters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    elements: frozenset[str] = frozenset()
    patients: tuple[str, ...] = ()


def require_possible(partition: Partition, grant: AccessGrant, export: ExportRequest) -> None:
    """Refuse before any work what would fail later. Raises BadRequest, Forbidden, NotFound."""
    unknown = sorted(set(export.types) - get_catalogue().resource_type_set)
    if unknown:
        raise BadRequest(f"_type names what is no resource type: {', '.join(unknown)}")
    for name in export.types:
        if not grant.allows(name, "r"):
            raise Forbidden(f"This credential may not read {name}: it lacks {name}.r.", missing=f"{name}.r")
    if not any("r" in one.interactions for one in grant.permissions):
        raise Forbidden("Nothing may be read with this credential.", missing="*.r")
    store = Store(partition, grant)
    reachable = {one.compartment for one in grant.permissions}
    if export.level == "group" and None not in reachable:
        # What a Group holds, or that it exists, is not told to everybody.
        readable(store, "Group", export.group)
    members = members_of(store, export.group) if export.level == "group" else None
    for patient in export.patients:
        found = store.get("Patient", patient)
        if (
            found is None
            or found.deleted
            or not {None, ("Patient", patient)} & reachable
            or (members is not None and patient not in members)
        ):
            where = "in the Group" if members is not None else "on this server"
            raise BadRequest(f"patient: there is no Patient/{patient} {where}.")
    for resource_type, queries in export.type_filters.items():
        for query in queries:
            require_filter(partition, grant, resource_type, query)


def require_filter(partition: Partition, grant: AccessGrant, resource_type: str, query: str) -> None:
    """Refuse a query of `_typeFilter` that cannot be honoured. Raises FhirError."""
    find_matches(partition, grant, resource_type, _pairs(query), 1)


class Export:
    """One export as one caller may see it."""

    def __init__(self, partition: Partition, grant: AccessGrant, asked: ExportRequest) -> None:
        self.partition, self.grant, self.asked = partition, grant, asked
        self._store = Store(partition, grant)

    @cached_property
    def _chosen(self) -> frozenset[str] | None:
        """The ids of the only patients whose resources are exported; None: all."""
        named = frozenset(self.asked.patients)
        if self.asked.level == "group":
            members = members_of(self._store, self.asked.group)
            return members & named if named else members
        return named or None

    @cached_property
    def _reach(self) -> Reach | None:
        return None if self.asked.level == "system" else Reach(self._store, self._chosen)

    def types(self) -> list[str]:
        """The types that may have a file, in order."""
        return self._readable(self.asked.types or counts_by_type(self.partition))

    def _readable(self, names: Iterable[str]) -> list[str]:
        wanted = set(names) if self.asked.level == "system" else set(names) & reached_types()
        return sorted(name for name in wanted if self.grant.allows(name, "r"))

    def lines(self, resource_type: str) -> Iterator[bytes]:
        """Every resource of one type as a line of NDJSON, without the line's end; memory stays flat."""
        matching = _matching(self._store, self.asked, resource_type)
        subset = Subset("", self.asked.elements) if self.asked.elements else None
        seen: set[int] = set()
        for key in _keys(resource_type, self._chosen):
            for rid, content, postings in _rows(self._store, key, self.asked):
                if rid in seen or (matching is not None and rid not in matching):
                    continue
                if not self._holds(resource_type, rid, postings):
                    continue
                if self._chosen is not None:
                    seen.add(rid)
                content = _with_absolute_attachments(content, self.partition.base)
                yield content if subset is None else subset_bytes(subset, content)

    def _holds(self, resource_type: str, rid: int, postings: bytes) -> bool:
        reach, is_free = self._reach, self.grant.is_unconfined(resource_type, "r")
        if reach is None and is_free:
            return True
        rows = unpack(postings)
        if not is_free and not covers(self.grant, resource_type, "r", rows):
            return False
        return reach is None or reach.holds(resource_type, rid, rows)

    def deletions(self) -> Iterator[bytes]:
        """What was deleted since `since`, as transaction Bundles, a line each; nothing where no `since` was asked for."""
        found = self._deleted_addresses() if self.asked.since is not None else iter(())
        while addresses := list(islice(found, DELETIONS_IN_A_BUNDLE)):
            entries = [{"request": {"method": "DELETE", "url": address}} for address in addresses]
            yield json.encode({"resourceType": "Bundle", "type": "transaction", "entry": entries})

    def _deleted_addresses(self) -> Iterator[str]:
        for resource_type in self._readable(self.asked.types or get_catalogue().resource_types):
            for last in _deleted(self._store, self.asked, resource_type):
                if covers_version(self._store, "r", last) and (self._reach is None or self._reach.held(last)):
                    yield f"{last.type}/{last.logical_id}"


def _with_absolute_attachments(content: bytes, base: str) -> bytes:
    """Whoever reads a file later does not know where `Binary/1` was: the specification wants an attachment's url to be absolute."""
    if _BINARY_URL not in content:
        return content
    return content.replace(_BINARY_URL, b'"url":"%s/Binary/' % base.encode())


def _deleted(store: Store, export: ExportRequest, resource_type: str) -> Iterator[Version]:
    """The last version before each deletion of a type within the time asked for."""
    query = (
        "SELECT r.updated, h.rid, h.type, h.logical_id, h.version, h.updated, h.method, h.content"
        " FROM fhir_resource r JOIN fhir_history h ON h.partition = r.partition AND h.rid = r.rid AND h.version = r.version - 1"
        " WHERE r.partition = %s AND r.type = %s AND (r.updated, r.rid) > (%s, %s) AND r.updated < %s AND r.method = 'DELETE'"
        f" ORDER BY r.updated, r.rid LIMIT {BATCH}"
    )
    after, until = ((export.since or 0) - 1, LAST), export.until or LAST
    while True:
        number = store.partition.number
        rows = fetch(store.partition.region, query, (number, resource_type, *after, until))
        for row in rows:
            yield Version(*row[1:])
        if len(rows) < BATCH:
            return
        after = (rows[-1][0], rows[-1][1])


def _pairs(query: str) -> list[tuple[str, str]]:
    """A `_typeFilter`'s parameters. Raises BadRequest for those that shape an answer instead of choosing resources."""
    pairs = read_query(query)
    for name, _ in pairs:
        if name.partition(":")[0] in CONTROLS:
            raise BadRequest(f"_typeFilter: {name} does not choose resources; leave it out.")
    return pairs


def _matching(store: Store, export: ExportRequest, resource_type: str) -> set[int] | None:
    queries = export.type_filters.get(resource_type)
    if not queries:
        return None
    found: set[int] = set()
    for query in queries:
        found.update(find_matches(store.partition, store.grant, resource_type, _pairs(query), _ALL))
    return found


def _keys(resource_type: str, chosen: frozenset[str] | None) -> Iterator[int]:
    """The postings that together hold what is exported of a type, and perhaps more."""
    if chosen is None or resource_type in (PROVENANCE, *SUPPORTING):
        yield type_key(resource_type)
        return
    for patient in sorted(chosen):
        yield compartment_key("Patient", patient, resource_type)


def _rows(store: Store, key: int, export: ExportRequest) -> Iterator[tuple[int, bytes, bytes]]:
    more, parameters = "", []
    for edge, comparison in ((export.since, ">="), (export.until, "<")):
        if edge is not None:
            more += f" AND r.updated {comparison} %s"
            parameters.append(edge)
    query = (
        "SELECT p.rank, p.rid, r.content, r.postings FROM fhir_posting p CROSS JOIN fhir_resource r"
        " WHERE p.partition = %s AND p.key = %s AND (p.rank, p.rid) < (%s, %s) AND r.partition = p.partition"
        f" AND r.rid = p.rid{more} ORDER BY p.rank DESC, p.rid DESC LIMIT {BATCH}"
    )
    before = (LAST, LAST)
    while True:
        rows = fetch(store.partition.region, query, (store.partition.number, key, *before, *parameters))
        for _, rid, content, postings in rows:
            yield rid, content, postings
        if len(rows) < BATCH:
            return
        before = (rows[-1][0], rows[-1][1])
