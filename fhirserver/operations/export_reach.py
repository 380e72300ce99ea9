"""Which resources an export for patients holds: their compartments, what tells of these, and what they refer to.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters (`_type`, `patient`, Provenance)

Beside the compartments come the Provenances whose target lies in one, and the resources of SUPPORTING types that something in a
compartment refers to, directly or over another of them.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from fhirserver.connection import fetch
from fhirserver.indexing.extract import PATIENT, compartment_codes, index_rows, patients_of
from fhirserver.indexing.keys import type_key
from fhirserver.indexing.params.reference import Pointer, pointer_of
from fhirserver.numbers import LAST
from fhirserver.outcomes import NotFound
from fhirserver.rows import IndexRows, param_code, unpack
from fhirserver.store import Store, Version, rid_of
from fhirspec import json
from fhirspec.catalogue import get_catalogue

SUPPORTING = ("Device", "Location", "Medication", "Organization", "Practitioner", "PractitionerRole")
PROVENANCE = "Provenance"
BATCH = 500


def reached_types() -> frozenset[str]:
    """The types that an export for patients may hold."""
    return frozenset({*get_catalogue().compartment(PATIENT), PATIENT, PROVENANCE, *SUPPORTING})


def members_of(store: Store, group: str) -> frozenset[str]:
    """The ids of the active patients of a Group and of the Groups in it. Raises NotFound."""
    first = store.get("Group", group)
    if first is None or first.content is None:
        raise NotFound(f"There is no Group with the id {group}.")
    patients: set[str] = set()
    seen, waiting = {group}, [first.content]
    while waiting:
        for member in json.decode(waiting.pop()).get("member", []):
            named = local_pointer(store, member.get("entity", {}))
            if member.get("inactive") or named is None:
                continue
            if named.type == PATIENT:
                patients.add(named.logical_id)
            elif named.type == "Group" and named.logical_id not in seen:
                seen.add(named.logical_id)
                inner = store.get("Group", named.logical_id)
                waiting += [inner.content] if inner is not None and inner.content is not None else []
    return frozenset(patients)


def local_pointer(store: Store, reference: dict[str, Any]) -> Pointer | None:
    """What a Reference names, be it relative or by the endpoint's own address, with a version or without; None: something elsewhere."""
    text = str(reference.get("reference", ""))
    pointer = pointer_of(text.removeprefix(f"{store.partition.base}/"))
    return pointer if pointer is not None and pointer.type else None


class Reach:
    """The patients of an export, by rid, and whether a resource belongs to them. `chosen` None: every patient there is."""

    def __init__(self, store: Store, chosen: frozenset[str] | None) -> None:
        self._store = store
        self.is_chosen = chosen is not None
        if chosen is None:
            self.patients = frozenset(rid for rid, _ in self._index_rows(type_key(PATIENT)))
        else:
            self.patients = frozenset(rid_of(PATIENT, one) for one in chosen)
        self._supporting: frozenset[int] | None = None

    def holds(self, resource_type: str, rid: int, rows: IndexRows) -> bool:
        """Whether a current resource is exported."""
        if resource_type == PATIENT:
            return rid in self.patients
        if self._is_in_compartment(resource_type, rows):
            return True
        if resource_type == PROVENANCE:
            return self._tells_of_held(rows)
        if resource_type in SUPPORTING:
            if self._supporting is None:
                self._supporting = self._find_supporting()
            return rid in self._supporting
        return False

    def held(self, version: Version) -> bool:
        """Whether a version of something that was deleted since belonged to a patient, who may be deleted too."""
        if version.content is None:
            return False
        if version.type == PATIENT:
            return not self.is_chosen or version.rid in self.patients
        resource = json.decode(version.content)
        if not self.is_chosen:
            return bool(patients_of(resource, self._store.partition.base))
        rows = index_rows(resource, version.rid, version.updated, base=self._store.partition.base)
        return self._is_in_compartment(version.type, rows)

    def _is_in_compartment(self, resource_type: str, rows: IndexRows) -> bool:
        params = _compartment_params(resource_type)
        return bool(params) and any(
            row.param in params and row.target in self.patients for row in rows.references
        )

    def _tells_of_held(self, provenance: IndexRows) -> bool:
        param = param_code(PROVENANCE, "target")
        targets = [row.target for row in provenance.references if row.param == param]
        found = self._store.get_many_to_change(targets)
        return any(
            self.holds(one.type, one.rid, unpack(one.postings))
            for one in found.values()
            if not one.deleted and one.type not in (PROVENANCE, *SUPPORTING)
        )

    def _find_supporting(self) -> frozenset[int]:
        """Walks all compartments once, by what is indexed of them; ends early when everything supporting is found."""
        there = {rid: rows for kind in SUPPORTING for rid, rows in self._index_rows(type_key(kind))}
        found: set[int] = set()
        for rows in self._held_rows() if there else ():
            found.update(row.target for row in rows.references if row.target in there)
            if len(found) == len(there):
                break
        new = set(found)
        while new:
            beyond = {row.target for rid in new for row in there[rid].references if row.target in there}
            new = beyond - found
            found |= new
        return frozenset(found)

    def _held_rows(self) -> Iterator[IndexRows]:
        for kind in sorted(reached_types() - {PROVENANCE, *SUPPORTING}):
            for rid, rows in self._index_rows(type_key(kind)):
                if self.holds(kind, rid, rows):
                    yield rows

    def _index_rows(self, key: int) -> Iterator[tuple[int, IndexRows]]:
        query = (
            "SELECT p.rank, p.rid, r.postings FROM fhir_posting p CROSS JOIN fhir_resource r"
            " WHERE p.partition = %s AND p.key = %s AND (p.rank, p.rid) < (%s, %s) AND r.partition = p.partition"
            f" AND r.rid = p.rid ORDER BY p.rank DESC, p.rid DESC LIMIT {BATCH}"
        )
        partition, before = self._store.partition, (LAST, LAST)
        while True:
            rows = fetch(partition.region, query, (partition.number, key, *before))
            for _, rid, postings in rows:
                yield rid, unpack(postings)
            if len(rows) < BATCH:
                return
            before = (rows[-1][0], rows[-1][1])


@lru_cache(maxsize=256)
def _compartment_params(resource_type: str) -> frozenset[int]:
    return frozenset(param_code(resource_type, code) for code in compartment_codes(PATIENT, resource_type))
