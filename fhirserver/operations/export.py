"""The engine's part of Bulk Data export: what lines go into which file. Jobs, files and their addresses are the caller's.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from fhirserver.access import AccessGrant
from fhirserver.authorise import covers
from fhirserver.connection import fetch
from fhirserver.indexing.keys import compartment_key, type_key
from fhirserver.outcomes import BadRequest, NotFound
from fhirserver.partitions import Partition, counts_by_type
from fhirserver.rows import unpack
from fhirserver.search.service import find_matches
from fhirserver.store import Store
from fhirserver.subsets import Subset, subset_bytes
from fhirspec import json
from fhirspec.catalogue import get_catalogue

BATCH = 500
_LAST = 2**63 - 1
_ALL = 10_000_000


@dataclass(frozen=True)
class ExportRequest:
    """What is exported. `level`: system, patient or group (then `group` is the Group's id). `types` empty: all. `since` and `until` in
    microseconds. `type_filters`: type to search queries, of which one must match. `elements`: names, plain or `Type.name`."""

    level: str = "system"
    group: str = ""
    types: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    type_filters: dict[str, Sequence[str]] = field(default_factory=dict)
    elements: frozenset[str] = frozenset()


def exported_types(partition: Partition, grant: AccessGrant, export: ExportRequest) -> list[str]:
    """The types that will have a file, in order. Raises BadRequest for an unknown one."""
    unknown = set(export.types) - get_catalogue().resource_type_set
    if unknown:
        raise BadRequest(f"_type names what is no resource type: {', '.join(sorted(unknown))}")
    wanted = set(export.types or counts_by_type(partition))
    if export.level != "system":
        wanted &= set(get_catalogue().compartment("Patient")) | {"Patient"}
    return sorted(name for name in wanted if grant.allows(name, "r"))


def export_lines(
    partition: Partition, grant: AccessGrant, export: ExportRequest, resource_type: str
) -> Iterator[bytes]:
    """Every resource of one type as a line of NDJSON, without the line's end; memory stays flat."""
    store = Store(partition, grant)
    matching = _matching(store, export, resource_type)
    subset = Subset("", export.elements) if export.elements else None
    seen: set[int] = set()
    keys = _keys(store, export, resource_type)
    is_free = grant.is_unconfined(resource_type, "r")
    for key in keys:
        for rid, content, postings in _rows(store, key, export):
            if rid in seen or (matching is not None and rid not in matching):
                continue
            if not is_free and not covers(grant, resource_type, "r", unpack(postings)):
                continue
            if export.level != "system":
                seen.add(rid)
            yield content if subset is None else subset_bytes(subset, content)


def _matching(store: Store, export: ExportRequest, resource_type: str) -> set[int] | None:
    queries = export.type_filters.get(resource_type)
    if not queries:
        return None
    found: set[int] = set()
    for query in queries:
        pairs = parse_qsl(query, keep_blank_values=True)
        found.update(find_matches(store.partition, store.grant, resource_type, pairs, _ALL))
    return found


def _keys(store: Store, export: ExportRequest, resource_type: str) -> Iterator[int]:
    """The postings that together hold what is exported of a type."""
    if export.level == "system" or (export.level == "patient" and resource_type == "Patient"):
        yield type_key(resource_type)
        return
    for patient in _patients(store, export):
        yield compartment_key("Patient", patient, resource_type)


def _patients(store: Store, export: ExportRequest) -> Iterator[str]:
    if export.level == "group":
        group = store.get("Group", export.group)
        if group is None or group.content is None:
            raise NotFound(f"There is no Group with the id {export.group}.")
        for member in json.decode(group.content).get("member", []):
            reference = str(member.get("entity", {}).get("reference", ""))
            if reference.startswith("Patient/") and not member.get("inactive"):
                yield reference.removeprefix("Patient/")
        return
    for _, content, _ in _rows(store, type_key("Patient"), ExportRequest()):
        yield json.decode(content)["id"]


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
    before = (_LAST, _LAST)
    while True:
        rows = fetch(store.partition.region, query, (store.partition.number, key, *before, *parameters))
        for _, rid, content, postings in rows:
            yield rid, content, postings
        if len(rows) < BATCH:
            return
        before = (rows[-1][0], rows[-1][1])
