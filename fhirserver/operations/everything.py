"""$everything of a Patient, of all patients, of an Encounter and, through its links, of a Person: the compartment and what it refers to.

https://hl7.org/fhir/R4/patient-operation-everything.html. Without `_count` all is streamed, batch by batch, as rows arrive.
"""

from collections.abc import Iterator
from itertools import chain, islice
from urllib.parse import urlencode

from fhirserver.bundles import Entry, bundle, bundle_start, search_entry, streamed_bundle
from fhirserver.connection import fetch
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.instants import instant_range
from fhirserver.interactions.read import readable
from fhirserver.operations.everything_rows import BATCH, Behind, Selection, all_entries, entries_behind
from fhirserver.operations.parameters import Asked
from fhirserver.outcomes import BadRequest, LimitExceeded
from fhirserver.responses import json_response
from fhirserver.search.limits import MAX_COUNT
from fhirserver.search.paging import bound_query, read_cursor, write_cursor
from fhirserver.store import Store
from fhirserver.subsets import subset_entries, subset_of
from fhirspec.catalogue import get_catalogue

MAX_OF_ALL_PATIENTS = 100_000
"""So many resources may be stored where everything of all patients is asked for: what was sent already is kept in mind by number."""
_PLACES = ("_offset", "_cursor")


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
    found = all_entries(store, request.resource_type, request.logical_id, selection)
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
    count = min(count, MAX_COUNT)
    if not request.logical_id:
        return _page_of_all(request, store, selection, found, count, offset)
    return _page(request, found, count, offset)


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


# -- how it is told ------------------------------------------------------------------------------------------


def _streamed(request: FhirRequest, found: Iterator[Entry]) -> FhirResponse:
    links = [("self", _url(request, request.query))]
    first = list(islice(found, BATCH))
    entries = [search_entry(request.base_url, entry) for entry in first]
    if len(first) < BATCH:
        start = bundle_start("searchset", len(first), links)
        return json_response(b"".join(streamed_bundle(start, entries)))
    rest = (search_entry(request.base_url, entry) for entry in found)

    return json_response(streamed_bundle(bundle_start("searchset", None, links), chain(entries, rest)))


def _counted(request: FhirRequest, found: Iterator[Entry]) -> FhirResponse:
    """`_summary=count` or `_count=0`: how many there are, and none of them."""
    total = sum(1 for _ in found)
    return json_response(bundle("searchset", (), total, [("self", _url(request, request.query))]))


def _page(request: FhirRequest, found: Iterator[Entry], count: int, offset: int) -> FhirResponse:
    shown, total = [], 0
    for total, entry in enumerate(found, start=1):
        if offset < total <= offset + count:
            shown.append(search_entry(request.base_url, entry))
    return _paged(request, shown, count, offset, total)


def _page_of_all(
    request: FhirRequest,
    store: Store,
    selection: Selection,
    found: Iterator[Entry],
    count: int,
    offset: int,
) -> FhirResponse:
    """Page by page each begins where the one before it ended, as far as patients' compartments go; what else these refer to is known only after all of them."""
    bound_to = bound_query(_without_place(request), request.path, store.partition.number)
    cursor, total, behind = request.parameter("_cursor"), None, None
    if cursor:
        offset, total, *place = read_cursor(cursor, bound_to)
        behind = Behind(*map(tuple, place))
    elif offset:
        return _page(request, found, count, offset)
    shown = list(islice(entries_behind(store, selection, behind), count))
    if len(shown) < count:
        return _page(request, found, count, offset)
    if total is None:
        total = sum(1 for _ in found)
    subset = subset_of(request)
    entries = (entry for entry, _ in shown)
    told = [
        search_entry(request.base_url, entry)
        for entry in (subset_entries(subset, entries) if subset else entries)
    ]
    following = write_cursor([offset + count, total, *shown[-1][1]], bound_to)
    return _paged(request, told, count, offset, total, cursor or "", following)


def _paged(
    request: FhirRequest,
    shown: list[bytes],
    count: int,
    offset: int,
    total: int,
    cursor: str = "",
    following: str = "",
) -> FhirResponse:
    """`cursor` and `following`: of this page and the next, where they are found by their place."""
    last = max(0, total - 1) // count * count
    links = [("self", _address(request, offset, cursor)), ("first", _address(request, 0))]
    if offset > 0:
        links.append(("previous", _address(request, min(last, max(0, offset - count)))))
    if offset + count < total:
        links.append(("next", _address(request, offset + count, following)))
    links.append(("last", _address(request, last)))
    return json_response(b"".join(streamed_bundle(bundle_start("searchset", total, links), shown)))


def _without_place(request: FhirRequest) -> list[tuple[str, str]]:
    return [pair for pair in request.query if pair[0] not in _PLACES]


def _address(request: FhirRequest, offset: int, cursor: str = "") -> str:
    query = _without_place(request)
    if cursor:
        query.append(("_cursor", cursor))
    elif offset:
        query.append(("_offset", str(offset)))
    return _url(request, query)


def _url(request: FhirRequest, query: list[tuple[str, str]]) -> str:
    return f"{request.base_url}/{request.path}" + (f"?{urlencode(query)}" if query else "")
