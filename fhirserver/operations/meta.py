"""$meta, $meta-add and $meta-delete: profiles, tags and security labels of a resource.

https://hl7.org/fhir/R4/resource-operation-meta.html
"""

from collections.abc import Callable, Iterator
from typing import Any

from fhirserver.authorise import require
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.interactions.read import readable
from fhirserver.operations.parameters import Asked, parameters_response
from fhirserver.outcomes import BadRequest, Forbidden, Gone, LimitExceeded
from fhirserver.partitions import counts_by_type
from fhirserver.search.service import labelled
from fhirserver.store import Store
from fhirserver.writing import not_found, prepare, require_valid
from fhirspec import json

_LISTS = ("profile", "security", "tag")
MAX_LABELLED = 10_000
_BATCH = 500
Change = Callable[[list[Any], list[Any]], list[Any]]


def meta(request: FhirRequest, store: Store) -> FhirResponse:
    """Of one resource; of a type or of the whole server: every profile, tag and label that is in use there."""
    if not request.logical_id:
        return _in_use(store, [request.resource_type] if request.resource_type else None)
    resource = json.decode(readable(store, request.resource_type, request.logical_id).content or b"{}")
    return _answer(resource)


def _in_use(store: Store, types: list[str] | None) -> FhirResponse:
    """Raises LimitExceeded where too many resources carry labels, Forbidden where the caller may read none of the types."""
    readable_types = store.grant.types("r", types or sorted(counts_by_type(store.partition)))
    if types and not readable_types:
        raise Forbidden(f"This credential may not read {types[0]}.", missing=f"{types[0]}.r")
    found: dict[str, dict[Any, Any]] = {name: {} for name in _LISTS}
    for name in readable_types:
        for one_meta in _labels(store, name):
            for kind in _LISTS:
                found[kind].update((_identity(one), one) for one in one_meta.get(kind, ()))
    used = {kind: list(values.values()) for kind, values in found.items() if values}
    response: FhirResponse = parameters_response(("return", "valueMeta", used or None))
    return response


def _labels(store: Store, resource_type: str) -> Iterator[dict[str, Any]]:
    """The `meta` of every resource of the type that has labels and that the caller may read."""
    rids = labelled(store.partition, store.grant, resource_type, MAX_LABELLED + 1)
    if len(rids) > MAX_LABELLED:
        raise LimitExceeded(
            f"More than {MAX_LABELLED} {resource_type} resources carry profiles, tags or labels (MAX_LABELLED): "
            "ask for them by the parameters _profile, _tag and _security."
        )
    for start in range(0, len(rids), _BATCH):
        for version in store.get_many(rids[start : start + _BATCH]).values():
            yield json.decode(version.content or b"{}").get("meta", {})


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
    [made] = store.write([made])
    return _answer(json.decode(made.content or b"{}"))


def _answer(resource: dict[str, Any]) -> FhirResponse:
    response: FhirResponse = parameters_response(("return", "valueMeta", resource.get("meta")))
    return response
