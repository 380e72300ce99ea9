"""What belongs to everything of a patient, of all patients, of an Encounter and of a Person, in order, as rows of the store arrive."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from fhirserver.authorise import covers
from fhirserver.bundles import Entry
from fhirserver.connection import fetch, one_of
from fhirserver.indexing.definitions import clinical_dates
from fhirserver.indexing.extract import compartment_codes
from fhirserver.indexing.keys import compartment_key, type_key
from fhirserver.numbers import FIRST, LAST
from fhirserver.operations.export_reach import local_pointer
from fhirserver.rows import IndexRows, param_code, unpack
from fhirserver.store import Store, rid_of
from fhirspec import json
from fhirspec.catalogue import get_catalogue

BATCH = 200
_RELATIVE = rb'([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[0-9]+)?"'
Place = tuple[int, int]
"""Rank and number of a resource: where it stands in the order, newest first."""
START: Place = (LAST, LAST)


class Selection(NamedTuple):
    """What part of everything is wanted; times in microseconds. `types` empty: every type."""

    types: frozenset[str] = frozenset()
    since: int | None = None
    start: int | None = None
    end: int | None = None

    def is_in_time(self, resource_type: str, rows: IndexRows) -> bool:
        """Whether care took place between `start` and `end`; they do not speak of what has no clinical date."""
        for code in clinical_dates(resource_type):
            param = param_code(resource_type, code)
            spans = [row for row in rows.dates if row.param == param]
            if spans:
                start, end = self.start or FIRST, self.end or LAST
                return any(row.low < end and row.high > start for row in spans)
        return True


class Source(NamedTuple):
    """Where the rows of a compartment come from: a query that yields `rank, rid`, and its parameters."""

    table: str
    condition: str
    parameters: tuple[Any, ...]


class Row(NamedTuple):
    place: Place
    entry: Entry
    postings: bytes


class Behind(NamedTuple):
    """Where a resource stands in everything of all patients: the patient beside whom it is shown, and itself."""

    patient: Place
    place: Place


def all_entries(store: Store, resource_type: str, logical_id: str, selection: Selection) -> Iterator[Entry]:
    """The compartment, the resource itself first where it is asked for, then what it refers to."""
    seen: set[int] = set()
    targets: dict[int, None] = {}
    for source in _sources(store, resource_type, logical_id):
        for (_, rid), entry, _ in _rows(store, source, selection):
            if rid not in seen:
                seen.add(rid)
                _note_targets(entry.content, targets, store.partition.base)
                yield entry
    yield from _referred(store, [rid for rid in targets if rid not in seen], selection)


def entries_behind(
    store: Store, selection: Selection, behind: Behind | None
) -> Iterator[tuple[Entry, Behind]]:
    """What all patients' compartments hold in the order of `all_entries`, from a place on, without what else they refer to."""
    # The patient of that place may have more.
    start = (behind.patient[0], min(behind.patient[1] + 1, LAST)) if behind else START
    for patient in _patients(store, start):
        before = behind.place if behind and behind.patient == patient.place else START
        source = _posted(store, compartment_key("Patient", patient.entry.logical_id))
        for row in _rows(store, source, selection, before):
            if _is_first(store, row, patient.place):
                yield row.entry, Behind(patient.place, row.place)


def _is_first(store: Store, row: Row, patient: Place) -> bool:
    """Whether a resource was not shown beside an earlier patient: few are in the compartments of several."""
    params = _patient_params(row.entry.type)
    others = {one.target for one in unpack(row.postings).references if one.param in params}
    others |= {row.place[1]} if row.entry.type == "Patient" else set()
    others -= {patient[1]}
    if not others:
        return True
    among, listed = one_of(store.partition.region, others)
    found = fetch(
        store.partition.region,
        "SELECT r.rank, r.rid, r.postings FROM fhir_resource r"
        f" WHERE r.partition = %s AND r.rid {among} AND r.type = 'Patient' AND r.method <> 'DELETE'",
        (store.partition.number, listed),
    )
    return not any(
        (rank, rid) > patient and _visible(store, "Patient", rid, postings) for rank, rid, postings in found
    )


@lru_cache(maxsize=256)
def _patient_params(resource_type: str) -> frozenset[int]:
    """What puts a resource into a patient's compartment."""
    codes = compartment_codes("Patient", resource_type)
    return frozenset(param_code(resource_type, code) for code in codes)


def _sources(store: Store, resource_type: str, logical_id: str) -> Iterator[Source]:
    if resource_type == "Patient":
        patients = [logical_id] if logical_id else (row.entry.logical_id for row in _patients(store, START))
        for patient in patients:
            yield _posted(store, compartment_key("Patient", patient))
        return
    itself = rid_of(resource_type, logical_id)
    yield Source("fhir_resource", "p.partition = %s AND p.rid = %s", (store.partition.number, itself))
    if resource_type == "Encounter":
        yield from _encounter_sources(store, itself)
    else:
        person = json.decode(store.get(resource_type, logical_id).content)  # type: ignore[union-attr, arg-type]
        for patient in _linked_patients(store, person):
            yield from _sources(store, "Patient", patient)


def _posted(store: Store, key: int) -> Source:
    return Source("fhir_posting", "p.partition = %s AND p.key = %s", (store.partition.number, key))


def _patients(store: Store, before: Place) -> Iterator[Row]:
    """All that the caller may read."""
    return _rows(store, _posted(store, type_key("Patient")), Selection(), before)


def _encounter_sources(store: Store, rid: int) -> Iterator[Source]:
    for source_type in get_catalogue().compartment("Encounter"):
        for code in compartment_codes("Encounter", source_type):
            yield Source(
                "fhir_reference",
                "p.partition = %s AND p.param = %s AND p.target = %s",
                (store.partition.number, param_code(source_type, code), rid),
            )


def _linked_patients(store: Store, person: dict[str, Any]) -> list[str]:
    named = [local_pointer(store, link.get("target", {})) for link in person.get("link", [])]
    return [one.logical_id for one in named if one is not None and one.type == "Patient"]


def _rows(store: Store, source: Source, selection: Selection, before: Place = START) -> Iterator[Row]:
    """Batch after batch by keyset: memory stays flat, and no transaction stays open while the client reads."""
    more, parameters = _restriction(selection)
    is_dated = selection.start is not None or selection.end is not None
    query = (
        f"SELECT p.rank, r.rid, r.type, r.logical_id, r.content, r.postings FROM {source.table} p CROSS JOIN fhir_resource r"
        f" WHERE {source.condition} AND (p.rank, p.rid) < (%s, %s) AND r.partition = p.partition AND r.rid = p.rid"
        f" AND r.method <> 'DELETE'{more} ORDER BY p.rank DESC, p.rid DESC LIMIT {BATCH}"
    )
    while True:
        rows = fetch(store.partition.region, query, (*source.parameters, *before, *parameters))
        for rank, rid, resource_type, logical_id, content, postings in rows:
            if is_dated and not selection.is_in_time(resource_type, unpack(postings)):
                continue
            if _visible(store, resource_type, rid, postings):
                yield Row((rank, rid), Entry(resource_type, logical_id, content), postings)
        if len(rows) < BATCH:
            return
        before = (rows[-1][0], rows[-1][1])


def _visible(store: Store, resource_type: str, rid: int, postings: bytes) -> bool:
    if store.grant.is_unconfined(resource_type, "r"):
        return True
    is_held = covers(store.grant, resource_type, "r", unpack(postings))
    return is_held or store.record.reaches(resource_type, "r", rid)


def _restriction(selection: Selection) -> tuple[str, list[Any]]:
    more, parameters = "", list[Any]()
    if selection.types:
        more += f" AND r.type IN ({', '.join(['%s'] * len(selection.types))})"
        parameters += sorted(selection.types)
    if selection.since is not None:
        more += " AND r.updated >= %s"
        parameters.append(selection.since)
    return more, parameters


@lru_cache(maxsize=64)
def _reference_here(base: str) -> re.Pattern[bytes]:
    """A reference to something stored here: relative, or by the endpoint's own address."""
    return re.compile(rb'"reference":"(?:%s/)?%s' % (re.escape(base.encode()), _RELATIVE))


def _note_targets(content: bytes, targets: dict[int, None], base: str) -> None:
    for resource_type, logical_id in _reference_here(base).findall(content):
        targets[rid_of(resource_type.decode(), logical_id.decode())] = None


def _referred(store: Store, rids: list[int], selection: Selection) -> Iterator[Entry]:
    more, parameters = _restriction(selection)
    for start in range(0, len(rids), BATCH):
        among, listed = one_of(store.partition.region, rids[start : start + BATCH])
        rows = fetch(
            store.partition.region,
            "SELECT r.rid, r.type, r.logical_id, r.content, r.postings FROM fhir_resource r"
            f" WHERE r.partition = %s AND r.rid {among} AND r.method <> 'DELETE'{more}",
            (store.partition.number, listed, *parameters),
        )
        for rid, resource_type, logical_id, content, postings in rows:
            if store.grant.allows(resource_type, "r") and _visible(store, resource_type, rid, postings):
                yield Entry(resource_type, logical_id, content)
