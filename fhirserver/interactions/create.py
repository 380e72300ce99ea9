"""create and conditional create: https://hl7.org/fhir/R4/http.html#create

R4 has the condition in If-None-Exist. Some clients (fhirpy's `get_or_create`) write it into the address instead, as an update has it:
whoever does so must not get a second resource.
"""

from typing import Any

from fhirserver.conditions import matches_of, query_of
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.responses import written_response
from fhirserver.store import Store
from fhirserver.writing import new_logical_id, prepare, read_valid_resource, version_of


def create(request: FhirRequest, store: Store) -> FhirResponse:
    resource = read_valid_resource(request, store)
    named = request.headers.get("if-none-exist")
    condition = query_of(request) or None if named is None else named
    if condition is None:
        return create_valid(request, store, resource)
    with store.atomic():
        found = matches_of(store, request.resource_type, condition)
        if found is not None:
            return written_response(request, found, 200)
        return create_valid(request, store, resource)


def create_valid(request: FhirRequest, store: Store, resource: dict[str, Any]) -> FhirResponse:
    """Store a valid resource under an id of the server's."""
    change = prepare(store, resource, new_logical_id(), None, "POST")
    [change] = store.write([change])
    return written_response(request, version_of(change), 201)
