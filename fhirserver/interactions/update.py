"""update, update as create, and conditional update: https://hl7.org/fhir/R4/http.html#update"""

from typing import Any

from fhirserver.authorise import letter_to_put, require, require_current
from fhirserver.conditions import matches_of, query_of
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.interactions.create import create_valid
from fhirserver.outcomes import BadRequest, Conflict
from fhirserver.responses import written_response
from fhirserver.store import Store
from fhirserver.writing import (
    check_if_match,
    check_if_none_match,
    prepare,
    read_valid_resource,
    require_id,
    version_of,
)


def update(request: FhirRequest, store: Store) -> FhirResponse:
    require_id(request.logical_id)
    resource = read_valid_resource(request, store)
    named = resource.get("id")
    if named != request.logical_id:
        raise BadRequest(
            f"The resource's id must be the one of the address, {request.logical_id}; it is {named}."
            if named
            else f"The resource must have the id of the address, {request.logical_id}; it has none.",
            expression=f"{request.resource_type}.id",
        )
    return put_valid(request, store, resource, request.logical_id)


def put_valid(
    request: FhirRequest, store: Store, resource: dict[str, Any], logical_id: str, method: str = "PUT"
) -> FhirResponse:
    """Store a valid resource as the next version of this id, or as its first."""
    current = store.get_to_change(request.resource_type, logical_id)
    is_new = current is None or current.deleted
    letter = letter_to_put(store.grant, request.resource_type, is_new)
    require(store.grant, request.resource_type, letter)
    if current is not None:
        require_current(store, letter, current)
    check_if_match(request.header("if-match"), current)
    check_if_none_match(request.header("if-none-match"), current)
    change = prepare(store, resource, logical_id, current, method)
    [change] = store.write([change])
    return written_response(request, version_of(change), 201 if is_new else 200)


def conditional_update(request: FhirRequest, store: Store) -> FhirResponse:
    resource = read_valid_resource(request, store)
    named: str | None = resource.get("id")
    with store.atomic():
        found = matches_of(store, request.resource_type, query_of(request))
        if found is not None:
            if named and named != found.logical_id:
                raise BadRequest(
                    f"The condition matches {found.logical_id}, the resource has the id {named}."
                )
            return put_valid(request, store, resource, found.logical_id)
        if not named:
            require(store.grant, request.resource_type, "c")
            return create_valid(request, store, resource)
        require_id(named)
        current = store.get_to_change(request.resource_type, named)
        if current is not None:
            require_current(store, "u", current)
            raise Conflict(f"The condition matches nothing, but {request.resource_type}/{named} exists.")
        return put_valid(request, store, resource, named)
