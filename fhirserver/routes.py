"""The one table of interactions: which request is which, what it needs, who answers. The CapabilityStatement derives from it.

https://hl7.org/fhir/R4/http.html#summary
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.interactions.base import process_bundle
from fhirserver.interactions.capabilities import capabilities
from fhirserver.interactions.create import create
from fhirserver.interactions.delete import conditional_delete, delete
from fhirserver.interactions.history import history_instance, history_system, history_type
from fhirserver.interactions.patch import conditional_patch, patch
from fhirserver.interactions.read import read
from fhirserver.interactions.search import search, search_by_post
from fhirserver.interactions.update import conditional_update, update
from fhirserver.interactions.vread import vread
from fhirserver.operations.table import OPERATIONS
from fhirserver.outcomes import BadRequest, MethodNotAllowed, NotFound, UnknownOperation
from fhirserver.store import Store
from fhirspec.catalogue import get_catalogue
from fhirspec.resource_types import no_resource_type

Handler = Callable[[FhirRequest, Store], FhirResponse]


class Route(NamedTuple):
    """`shape`: the path with T for a type, I for an id, V for a version. `interaction`: its FHIR code. `level`: system, type or
    instance. `letter`: what the grant must allow on the type before the handler looks (empty: the handler decides)."""

    method: str
    shape: str
    interaction: str
    level: str
    letter: str
    handler: Handler


ROUTES: tuple[Route, ...] = (
    Route("GET", "metadata", "capabilities", "system", "", capabilities),
    Route("POST", "", "transaction", "system", "", process_bundle),
    Route("GET", "", "search-system", "system", "", search),
    Route("POST", "_search", "search-system", "system", "", search_by_post),
    Route("GET", "_history", "history-system", "system", "", history_system),
    Route("POST", "T", "create", "type", "c", create),
    Route("GET", "T", "search-type", "type", "s", search),
    Route("POST", "T/_search", "search-type", "type", "s", search_by_post),
    Route("GET", "T/_history", "history-type", "type", "s", history_type),
    Route("PUT", "T", "update", "type", "u", conditional_update),
    Route("PATCH", "T", "patch", "type", "u", conditional_patch),
    Route("DELETE", "T", "delete", "type", "d", conditional_delete),
    Route("GET", "T/I", "read", "instance", "r", read),
    Route("PUT", "T/I", "update", "instance", "", update),
    Route("PATCH", "T/I", "patch", "instance", "u", patch),
    Route("DELETE", "T/I", "delete", "instance", "d", delete),
    Route("GET", "T/I/_history", "history-instance", "instance", "r", history_instance),
    Route("GET", "T/I/_history/V", "vread", "instance", "r", vread),
    Route("GET", "T/I/T", "search-compartment", "instance", "s", search),
    Route("POST", "T/I/T/_search", "search-compartment", "instance", "s", search_by_post),
    Route("GET", "T/I/*", "search-compartment", "instance", "", search),
    Route("POST", "T/I/*/_search", "search-compartment", "instance", "", search_by_post),
)
_SHAPES = {"s": ("${}", "system"), "t": ("T/${}", "type"), "i": ("T/I/${}", "instance")}
OPERATION_ROUTES: tuple[Route, ...] = tuple(
    Route(method, _SHAPES[level][0].format(one.code), "operation", _SHAPES[level][1], one.letter, one.handler)
    for one in OPERATIONS
    for level in one.levels
    for method in one.methods
)
_PLACES = {"s": "${1}", "t": "{0}/${1}", "i": "{0}/[id]/${1}"}
_LEVELS = {"s": "of the server", "t": "on the type {}", "i": "on a {}"}
_OPERATION_TYPES = {
    _SHAPES[level][0].format(one.code): frozenset(one.types) for one in OPERATIONS for level in one.levels
}
_TABLE = {(route.method, route.shape): route for route in (*ROUTES, *OPERATION_ROUTES)}
_METHODS: dict[str, list[str]] = {}
for _route in (*ROUTES, *OPERATION_ROUTES):
    _METHODS.setdefault(_route.shape, []).append(_route.method)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_COMPARTMENTS = ("Patient", "Encounter", "Practitioner", "RelatedPerson", "Device")


def match(request: FhirRequest) -> Route:
    """The route of a request, whose parts (type, id, version, operation) are set. Raises NotFound, MethodNotAllowed."""
    shape = _shape(request)
    if request.operation and not _has_operation(shape, request.resource_type):
        raise UnknownOperation(_why_not_offered(request))
    route = _TABLE.get((request.method, shape))
    if route is not None:
        return route
    allowed = _METHODS.get(shape)
    if allowed is None:
        raise NotFound(f"There is nothing at {request.path or 'the base'}.")
    methods = ", ".join(allowed + (["HEAD"] if "GET" in allowed else []))
    raise MethodNotAllowed(
        f"{request.method} is not possible at {request.path or 'the base'}; possible: {methods}.",
        headers={"Allow": methods},
    )


def _has_operation(shape: str, resource_type: str) -> bool:
    types = _OPERATION_TYPES.get(shape)
    return types is not None and (not types or resource_type in types)


def _why_not_offered(request: FhirRequest) -> str:
    """Names the places where the operation is offered, else what is offered at this one."""
    level = "i" if request.logical_id else "t" if request.resource_type else "s"
    said = f"There is no operation ${request.operation} {_LEVELS[level].format(request.resource_type)}."
    elsewhere = [
        _PLACES[at].format(name, one.code)
        for one in OPERATIONS
        if one.code == request.operation
        for at in one.levels
        for name in one.types or ("[type]",)
    ]
    if elsewhere:
        return f"{said} It is asked at {', '.join(elsewhere)}."
    fit = (
        one
        for one in OPERATIONS
        if level in one.levels and request.resource_type in (one.types or (request.resource_type,))
    )
    return f"{said} Those that are: {', '.join(sorted(f'${one.code}' for one in fit))}."


def _shape(request: FhirRequest) -> str:
    path = request.path.strip("/")
    if not path:
        return ""
    segments = path.split("/")
    first = segments[0]
    if first in get_catalogue().resource_type_set:
        request.resource_type = first
        return _type_shape(request, segments)
    if first.startswith("$"):
        request.operation = first[1:]
        return first if len(segments) == 1 else path
    if first in ("metadata", "_history", "_search"):
        return path
    raise NotFound(no_resource_type(first))


def _type_shape(request: FhirRequest, segments: list[str]) -> str:
    if len(segments) == 1:
        return "T"
    second = segments[1]
    if second.startswith("$"):
        request.operation = second[1:]
        return f"T/{second}" if len(segments) == 2 else "?"
    if second in ("_search", "_history"):
        return f"T/{second}" if len(segments) == 2 else "?"
    if not _ID.fullmatch(second):
        if request.method in ("PUT", "PATCH"):
            raise BadRequest(f"{second!r} is not a valid id: up to 64 letters, digits, - and .")
        raise NotFound(f"There is no {segments[0]} with the id {second!r}.")
    request.logical_id = second
    return _instance_shape(request, segments[2:])


def _instance_shape(request: FhirRequest, rest: list[str]) -> str:
    if not rest:
        return "T/I"
    first, more = rest[0], rest[1:]
    if first.startswith("$"):
        request.operation = first[1:]
        return f"T/I/{first}" if not more else "?"
    if first == "_history":
        if not more:
            return "T/I/_history"
        request.version_id = more[0]
        return "T/I/_history/V" if len(more) == 1 else "?"
    if first == "_search" and not more:
        # As later versions of the specification write the search for all types by POST.
        first, more = "*", ["_search"]
    is_type = first in get_catalogue().resource_type_set
    if (is_type or first == "*") and request.resource_type in _COMPARTMENTS and more in ([], ["_search"]):
        request.compartment_type = request.resource_type
        request.resource_type = first if is_type else ""
        return f"T/I/{'T' if is_type else '*'}{'/_search' if more else ''}"
    return "?"
