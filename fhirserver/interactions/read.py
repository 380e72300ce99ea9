"""read: https://hl7.org/fhir/R4/http.html#read"""

from fhirserver.authorise import covers_version
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.outcomes import Forbidden, Gone
from fhirserver.responses import etag, resource_response
from fhirserver.store import Store, Version
from fhirserver.subsets import subset_response
from fhirserver.writing import not_found


def read(request: FhirRequest, store: Store) -> FhirResponse:
    version = readable(store, request.resource_type, request.logical_id)
    return subset_response(request, resource_response(request, version))


def readable(store: Store, resource_type: str, logical_id: str) -> Version:
    """The current version, if the grant covers it. Raises NotFound, Gone, Forbidden."""
    version = store.get(resource_type, logical_id)
    if version is None:
        raise not_found(resource_type, logical_id)
    if version.deleted:
        raise Gone(f"{resource_type}/{logical_id} was deleted.", headers={"ETag": etag(version.version)})
    if not covers_version(store, "r", version):
        raise Forbidden(f"{resource_type}/{logical_id} lies outside of what this credential may read.")
    return version
