"""create and conditional create: https://hl7.org/fhir/R4/http.html#create"""

from typing import Any

from fhirserver.conditions import matches_of
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.responses import written_response
from fhirserver.store import Store
from fhirserver.writing import new_logical_id, prepare, read_valid_resource, version_of


def create(request: FhirRequest, store: Store) -> FhirResponse:
    resource = read_valid_resource(request)
    condition = request.header("if-none-exist")
    if not condition:
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
