"""history of an instance, of a type and of the whole server: https://hl7.org/fhir/R4/http.html#history

The newest version comes first, unless `_sort=_lastUpdated` asks for the oldest. Pages go by keyset, so that new versions do not move them.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from fhirserver.authorise import covers_now, covers_version, outside, require
from fhirserver.bundles import bundle
from fhirserver.connection import fetch, one_of
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.instants import instant, instant_range
from fhirserver.interactions.read import readable
from fhirserver.limits import DEFAULT_HISTORY_COUNT, MAX_HISTORY_COUNT
from fhirserver.numbers import FIRST, LAST, whole_number
from fhirserver.outcomes import BadRequest
from fhirserver.responses import etag, json_response, preference
from fhirserver.store import Store, Version, rid_of
from fhirserver.subsets import Subset, subset_bytes, subset_of
from fhirserver.writing import not_found
from fhirspec import json

_STATUS = {"POST": "201 Created", "PUT": "200 OK", "PATCH": "200 OK", "DELETE": "204 No Content"}
_COLUMNS = "rid, type, logical_id, version, updated, method, content"
_CURSOR = "_before"
_KNOWN = frozenset(
    {"_count", "_since", "_at", "_list", "_sort", _CURSOR, "_format", "_pretty", "_summary", "_elements"}
)
_ONCE = ("_count", "_since", "_at", "_list")
_SORTS = {"": False, "none": False, "-_lastUpdated": False, "_lastUpdated": True}
"""What `_sort` may say, as in R5, and whether the oldest version then comes first."""
_MILLISECOND = 1000
_encode = msgspec.json.encode


class Window(NamedTuple):
    """Which versions are asked for; times in microseconds. `last`: (updated, rid, version) of the last one of the page before."""

    size: int
    since: int | None
    at: tuple[int, int] | None
    last: tuple[int, int, int] | None
    rising: bool


def history_instance(request: FhirRequest, store: Store) -> FhirResponse:
    """Of a resource that lies outside now, a confined caller sees the versions that did not; where there is none, it is refused."""
    current = store.get(request.resource_type, request.logical_id)
    if current is None:
        raise not_found(request.resource_type, request.logical_id)
    response, shown = _history(request, store, "rid = %s", [current.rid], "r")
    if not shown and not covers_now(store, "r", current):
        raise outside(store, "r", current)
    return response


def history_type(request: FhirRequest, store: Store) -> FhirResponse:
    """A list, as a search is: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html counts it among `s`."""
    return _history(request, store, "type = %s", [request.resource_type], "s")[0]


def history_system(request: FhirRequest, store: Store) -> FhirResponse:
    types = [row[0] for row in _types(store) if store.grant.allows(row[0], "s")]
    if not types:
        require(store.grant, "", "s")
    marks = ", ".join(["%s"] * len(types)) or "NULL"
    return _history(request, store, f"type IN ({marks})", types, "s")[0]


def _types(store: Store) -> list[tuple[Any, ...]]:
    number = store.partition.number
    query = "SELECT type FROM fhir_resource WHERE partition = %s UNION SELECT type FROM fhir_history WHERE partition = %s"
    return fetch(store.partition.region, query, (number, number))


def _history(
    request: FhirRequest, store: Store, condition: str, values: list[Any], letter: str
) -> tuple[FhirResponse, int]:
    """A page, and how many versions it shows. `letter`: the right by which each is looked at."""
    _require_known(request)
    window = _window(request)
    condition, values = _listed(request, store, condition, values)
    where, parameters = _restricted(window, condition, [store.partition.number, *values])
    found = list(_page(store, letter, window, where, parameters))
    total = None
    if window.at is None and store.grant.is_unconfined(request.resource_type or "*", letter):
        total = _total(store, window, condition, [store.partition.number, *values])
    page, more = found[: window.size], len(found) > window.size
    subset = subset_of(request)
    entries = [_entry(request.base_url, version, subset) for version in page]
    return json_response(bundle("history", entries, total, _links(request, page, more))), len(page)


def _require_known(request: FhirRequest) -> None:
    names = [name for name, _ in request.query]
    twice = next((name for name in _ONCE if names.count(name) > 1), None)
    if twice:
        raise BadRequest(f"{twice} may be given only once.")
    unknown = sorted({name for name, _ in request.query} - _KNOWN)
    if unknown and preference(request, "handling") == "strict":
        raise BadRequest(f"A history does not take {', '.join(unknown)}.")


def _listed(request: FhirRequest, store: Store, condition: str, values: list[Any]) -> tuple[str, list[Any]]:
    """`_list`: only versions of the resources that a stored List holds."""
    named = request.parameter("_list")
    if not named:
        return condition, values
    require(store.grant, "List", "r")
    entries = json.decode(readable(store, "List", named).content or b"{}").get("entry", [])
    items = [str(entry.get("item", {}).get("reference", "")).partition("/") for entry in entries]
    among, rids = one_of(store.partition.region, [rid_of(kind, logical_id) for kind, _, logical_id in items])
    return f"{condition} AND rid {among}", [*values, rids]


def _restricted(window: Window, condition: str, values: list[Any]) -> tuple[str, list[Any]]:
    where, parameters = f"partition = %s AND {condition}", list(values)
    if window.since is not None:
        where += " AND updated >= %s"
        parameters.append(window.since)
    return where, parameters


def _page(store: Store, letter: str, window: Window, where: str, parameters: list[Any]) -> Iterator[Version]:
    """One more than a page of versions that the grant covers, in the order of the window."""
    last, wanted = window.last, window.size + 1
    while wanted > 0:
        rows = [Version(*row) for row in _rows(store, window, where, parameters, last, wanted)]
        visible = [version for version in rows if covers_version(store, letter, version)]
        yield from visible
        if len(rows) < wanted:
            return
        wanted -= len(visible)
        last = (rows[-1].updated, rows[-1].rid, rows[-1].version)


def _rows(
    store: Store,
    window: Window,
    where: str,
    parameters: list[Any],
    last: tuple[int, int, int] | None,
    limit: int,
) -> list[tuple[Any, ...]]:
    outer, more = "", []
    if window.at is not None:
        # Clients know times by the millisecond: a version has ended when, for them, the next began.
        outer = f" WHERE updated < %s AND (ended IS NULL OR ended / {_MILLISECOND} * {_MILLISECOND} > %s)"
        more += [window.at[1], window.at[0]]
    behind, way = (">", "ASC") if window.rising else ("<", "DESC")
    order = f"ORDER BY updated {way}, rid {way}, version {way} LIMIT %s"
    if last is not None:
        outer += (" AND" if outer else " WHERE") + f" (updated, rid, version) {behind} (%s, %s, %s)"
        more += last
    ended = ", lead(updated) OVER (PARTITION BY rid ORDER BY version) AS ended" if window.at else ""
    inner_limit = "" if outer or window.at else f" {order}"
    inner_more = [limit] if inner_limit else []
    parts = [
        f"SELECT * FROM (SELECT {_COLUMNS} FROM {table} WHERE {where}{inner_limit}) AS part_{table}"
        for table in ("fhir_resource", "fhir_history")
    ]
    query = (
        f"SELECT {_COLUMNS} FROM (SELECT all_versions.*{ended} FROM ({' UNION ALL '.join(parts)}) AS all_versions)"
        f" AS timed{outer} {order}"
    )
    values = [*parameters, *inner_more, *parameters, *inner_more, *more, limit]
    return fetch(store.partition.region, query, values)


def _total(store: Store, window: Window, condition: str, values: list[Any]) -> int:
    where, parameters = _restricted(window, condition, values)
    query = (
        f"SELECT (SELECT count(*) FROM fhir_resource WHERE {where})"
        f" + (SELECT count(*) FROM fhir_history WHERE {where})"
    )
    return int(fetch(store.partition.region, query, [*parameters, *parameters])[0][0])


def _window(request: FhirRequest) -> Window:
    since, at = request.parameter("_since"), request.parameter("_at")
    sort = request.parameter("_sort") or ""
    if sort not in _SORTS:
        raise BadRequest(f"_sort={sort}: a history is sorted by _lastUpdated or -_lastUpdated.")
    return Window(
        _count(request),
        instant_range("_since", since)[0] if since else None,
        instant_range("_at", at) if at else None,
        _cursor(request),
        _SORTS[sort],
    )


def _count(request: FhirRequest) -> int:
    """How many versions a page has; none where only their number is asked for."""
    if request.parameter("_summary") == "count":
        return 0
    text = request.parameter("_count")
    if text is None:
        return DEFAULT_HISTORY_COUNT
    return min(whole_number("_count", text), MAX_HISTORY_COUNT)


def _cursor(request: FhirRequest) -> tuple[int, int, int] | None:
    text = request.parameter(_CURSOR)
    if text is None:
        return None
    try:
        updated, rid, version = map(int, text.split("."))
        if not all(FIRST <= part <= LAST for part in (updated, rid, version)):
            raise ValueError
    except ValueError:
        raise BadRequest(f"{_CURSOR} is not from a link of this server: {text}") from None
    return updated, rid, version


def _links(request: FhirRequest, page: list[Version], more: bool) -> list[tuple[str, str]]:
    address = f"{request.base_url}/{request.path}"
    query = f"?{urlencode(request.query)}" if request.query else ""
    links = [("self", address + query)]
    if more and page:
        last = page[-1]
        kept = [pair for pair in request.query if pair[0] != _CURSOR]
        cursor = (_CURSOR, f"{last.updated}.{last.rid}.{last.version}")
        links.append(("next", f"{address}?{urlencode([*kept, cursor])}"))
    return links


def _entry(base_url: str, version: Version, subset: Subset | None) -> bytes:
    instance = f"{version.type}/{version.logical_id}"
    status = "201 Created" if version.version == 1 else _STATUS[version.method]
    request = {"method": version.method, "url": version.type if version.method == "POST" else instance}
    response = {
        "status": status,
        "etag": etag(version.version),
        "lastModified": instant(version.updated),
    }
    content = b""
    if version.content is not None:
        content = version.content if subset is None else subset_bytes(subset, version.content)
        content = b',"resource":' + content
    start = b'{"fullUrl":' + _encode(f"{base_url}/{instance}") + content
    return start + b',"request":' + _encode(request) + b',"response":' + _encode(response) + b"}"
