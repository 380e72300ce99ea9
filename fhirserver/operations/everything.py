"""$everything of a Patient, of all patients, of an Encounter and, through its links, of a Person: the compartment and what it refers to.

https://hl7.org/fhir/R4/patient-operation-everything.html. Without `_count` all is streamed, batch by batch, as rows arrive.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urlencode

from fhirserver.authorise import covers
from fhirserver.bundles import Entry, bundle, bundle_start, search_entry, streamed_bundle
from fhirserver.connection import fetch, one_of
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.indexing.definitions import clinical_dates
from fhirserver.indexing.extract import compartment_codes
from fhirserver.indexing.keys import compartment_key, type_key
from fhirserver.instants import instant_range
from fhirserver.interactions.read import readable
from fhirserver.numbers import FIRST, LAST
from fhirserver.operations.export_reach import local_pointer
from fhirserver.operations.parameters import Asked
from fhirserver.outcomes import BadRequest, LimitExceeded
from fhirserver.responses import json_response
from fhirserver.rows import IndexRows, param_code, unpack
from fhirserver.search.limits import MAX_COUNT
from fhirserver.store import Store, rid_of
from fhirserver.subsets import subset_entries, subset_of
from fhirspec import json
from fhirspec.catalogue import get_catalogue

BATCH = 200
MAX_OF_ALL_PATIENTS = 100_000
"""So many resources may be stored where everything of all patients is asked for: what was sent already is kept in mind by number."""
_RELATIVE = rb'([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[0-9]+)?"'


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


def everything(request: FhirRequest, store: Store) -> FhirResponse:
    asked = Asked(request)
    selection = _selection(asked)
    count, offset = asked.number("_count", None), asked.number("_offset", 0) or 0
    # What came in a body stands in the links too: they lead by GET to more of the same.
    request.query = [*request.query, *asked.in_body]
    if request.logical_id:
        readable(store, request.resource_type, request.logical_id)
    else:
        _require_few(store)
    found = _all_entries(store, request.resource_type, request.logical_id, selection)
    subset = subset_of(request)
    if count == 0 or asked.text("_summary") == "count":
        return _counted(request, found)
    if subset is not None:
        found = subset_entries(subset, found)
    if count is None:
        if offset:
            found = islice(found, offset, None)
        return _streamed(request, found)
    # A page is put together before it is sent: it is never longer than one of a search.
    return _page(request, found, min(count, MAX_COUNT), offset)


def _selection(asked: Asked) -> Selection:
    types = frozenset(asked.texts("_type"))
    unknown = types - get_catalogue().resource_type_set
    if unknown:
        raise BadRequest(f"_type names what is no resource type: {', '.join(sorted(unknown))}")

    def moment(name: str, edge: int) -> int | None:
        text = asked.text(name)
        return None if text is None else instant_range(name, text)[edge]

    return Selection(types, moment("_since", 0), moment("start", 0), moment("end", 1))


def _require_few(store: Store) -> None:
    """Raises LimitExceeded. Walks no further than the limit."""
    beyond = fetch(
        store.partition.region,
        f"SELECT rid FROM fhir_resource WHERE partition = %s ORDER BY rid LIMIT 1 OFFSET {MAX_OF_ALL_PATIENTS}",
        (store.partition.number,),
    )
    if beyond:
        raise LimitExceeded(
            f"More than {MAX_OF_ALL_PATIENTS} resources are stored (MAX_OF_ALL_PATIENTS): take everything of all patients "
            "out by Patient/$export, or ask for one patient at a time."
        )


# -- what there is -------------------------------------------------------------------------------------------


def _all_entries(store: Store, resource_type: str, logical_id: str, selection: Selection) -> Iterator[Entry]:
    """The compartment, the resource itself first where it is asked for, then what it refers to."""
    seen: set[int] = set()
    targets: dict[int, None] = {}
    for source in _sources(store, resource_type, logical_id):
        for rid, entry in _rows(store, source, selection):
            if rid not in seen:
                seen.add(rid)
                _note_targets(entry.content, targets, store.partition.base)
                yield entry
    yield from _referred(store, [rid for rid in targets if rid not in seen], selection)


def _sources(store: Store, resource_type: str, logical_id: str) -> Iterator[Source]:
    if resource_type == "Patient":
        for patient in [logical_id] if logical_id else _every_patient(store):
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


def _every_patient(store: Store) -> Iterator[str]:
    """The ids of all patients that the caller may read."""
    for _, entry in _rows(store, _posted(store, type_key("Patient")), Selection()):
        yield entry.logical_id


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


def _rows(store: Store, source: Source, selection: Selection) -> Iterator[tuple[int, Entry]]:
    """Batch after batch by keyset: memory stays flat, and no transaction stays open while the client reads."""
    more, parameters = _restriction(selection)
    is_dated = selection.start is not None or selection.end is not None
    query = (
        f"SELECT p.rank, r.rid, r.type, r.logical_id, r.content, r.postings FROM {source.table} p CROSS JOIN fhir_resource r"
        f" WHERE {source.condition} AND (p.rank, p.rid) < (%s, %s) AND r.partition = p.partition AND r.rid = p.rid"
        f" AND r.method <> 'DELETE'{more} ORDER BY p.rank DESC, p.rid DESC LIMIT {BATCH}"
    )
    before = (LAST, LAST)
    while True:
        rows = fetch(store.partition.region, query, (*source.parameters, *before, *parameters))
        for _, rid, resource_type, logical_id, content, postings in rows:
            if is_dated and not selection.is_in_time(resource_type, unpack(postings)):
                continue
            if _visible(store, resource_type, rid, postings):
                yield rid, Entry(resource_type, logical_id, content)
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


# -- how it is told ------------------------------------------------------------------------------------------


def _streamed(request: FhirRequest, found: Iterator[Entry]) -> FhirResponse:
    links = [("self", _address(request, None))]
    first = list(islice(found, BATCH))
    entries = [search_entry(request.base_url, entry) for entry in first]
    if len(first) < BATCH:
        start = bundle_start("searchset", len(first), links)
        return json_response(b"".join(streamed_bundle(start, entries)))
    rest = (search_entry(request.base_url, entry) for entry in found)

    def all_entries() -> Iterator[bytes]:
        yield from entries
        yield from rest

    return json_response(streamed_bundle(bundle_start("searchset", None, links), all_entries()))


def _counted(request: FhirRequest, found: Iterator[Entry]) -> FhirResponse:
    """`_summary=count` or `_count=0`: how many there are, and none of them."""
    total = sum(1 for _ in found)
    return json_response(bundle("searchset", (), total, [("self", _address(request, None))]))


def _page(request: FhirRequest, found: Iterator[Entry], count: int, offset: int) -> FhirResponse:
    shown, total = [], 0
    for total, entry in enumerate(found, start=1):
        if offset < total <= offset + count:
            shown.append(search_entry(request.base_url, entry))
    last = max(0, total - 1) // count * count
    links = [("self", _address(request, offset)), ("first", _address(request, 0))]
    if offset > 0:
        links.append(("previous", _address(request, min(last, max(0, offset - count)))))
    if offset + count < total:
        links.append(("next", _address(request, offset + count)))
    links.append(("last", _address(request, last)))
    return json_response(b"".join(streamed_bundle(bundle_start("searchset", total, links), shown)))


def _address(request: FhirRequest, offset: int | None) -> str:
    query = request.query if offset is None else [pair for pair in request.query if pair[0] != "_offset"]
    if offset:
        query = [*query, ("_offset", str(offset))]
    return f"{request.base_url}/{request.path}" + (f"?{urlencode(query)}" if query else "")
