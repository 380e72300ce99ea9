"""$meta, $meta-add and $meta-delete: profiles, tags and security labels of a resource.

https://hl7.org/fhir/R4/resource-operation-meta.html
"""

from collections.abc import Callable
from typing import Any

from fhirserver.authorise import require
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.interactions.read import readable
from fhirserver.operations.parameters import Asked, parameters_response
from fhirserver.outcomes import BadRequest, Gone
from fhirserver.store import Store
from fhirserver.writing import not_found, prepare, require_valid
from fhirspec import json

_LISTS = ("profile", "security", "tag")
Change = Callable[[list[Any], list[Any]], list[Any]]


def meta(request: FhirRequest, store: Store) -> FhirResponse:
    resource = json.decode(readable(store, request.resource_type, request.logical_id).content or b"{}")
    return _answer(resource)


def meta_add(request: FhirRequest, store: Store) -> FhirResponse:
    return _change(request, store, lambda old, new: old + [one for one in new if not _has(old, one)])


def meta_delete(request: FhirRequest, store: Store) -> FhirResponse:
    return _change(request, store, lambda old, gone: [one for one in old if not _has(gone, one)])


def _has(listed: list[Any], one: Any) -> bool:
    return _identity(one) in [_identity(other) for other in listed]


def _identity(one: Any) -> Any:
    """Codings are the same when system and code are; profiles when they are equal."""
    return (one.get("system"), one.get("code")) if isinstance(one, dict) else one


def _change(request: FhirRequest, store: Store, change: Change) -> FhirResponse:
    require(store.grant, request.resource_type, "u")
    given = Asked(request).object("meta")
    if given is None:
        raise BadRequest("The parameter meta, a valueMeta, is missing.")
    current = store.get_to_change(request.resource_type, request.logical_id)
    if current is None:
        raise not_found(request.resource_type, request.logical_id)
    if current.deleted:
        raise Gone(f"{request.resource_type}/{request.logical_id} was deleted.")
    resource = json.decode(current.content or b"{}")
    for name in _LISTS:
        changed = change(resource["meta"].get(name, []), given.get(name, []))
        resource["meta"].pop(name, None)
        if changed:
            resource["meta"][name] = changed
    require_valid(resource)
    made = prepare(store, resource, current.logical_id, current, "PUT")
    store.write([made])
    return _answer(json.decode(made.content or b"{}"))


def _answer(resource: dict[str, Any]) -> FhirResponse:
    response: FhirResponse = parameters_response(("return", "valueMeta", resource.get("meta")))
    return response
