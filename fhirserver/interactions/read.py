"""read: https://hl7.org/fhir/R4/http.html#read"""

from fhirserver.authorise import covers_now, outside
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.outcomes import Gone, NotFound
from fhirserver.responses import etag, resource_response
from fhirserver.store import Store, Version
from fhirserver.subsets import subset_response
from fhirserver.writing import not_found


def read(request: FhirRequest, store: Store) -> FhirResponse:
    try:
        version = readable(store, request.resource_type, request.logical_id)
    except (NotFound, Gone):
        # One that a guide brought, and took with it, leaves the server's own.
        definition = _definition(request)
        if definition is None:
            raise
        version = definition
    return subset_response(request, resource_response(request, version))


def _definition(request: FhirRequest) -> Version | None:
    """An OperationDefinition of the server's own, where none is stored: everybody who may read the type may see it."""
    if request.resource_type != "OperationDefinition":
        return None
    # The definitions name the table of operations, whose handlers read.
    from fhirserver.operations.definitions import offered_definition

    return offered_definition(request.logical_id, request.base_url)


def readable(store: Store, resource_type: str, logical_id: str) -> Version:
    """The current version, if the grant covers it. Raises NotFound, Gone, Forbidden."""
    version = store.get(resource_type, logical_id)
    if version is None:
        raise not_found(resource_type, logical_id)
    if not covers_now(store, "r", version):
        raise outside(store, "r", version)
    if version.deleted:
        raise Gone(f"{resource_type}/{logical_id} was deleted.", headers={"ETag": etag(version.version)})
    return version
