"""vread: https://hl7.org/fhir/R4/http.html#vread"""

import re

from fhirserver.authorise import covers_now, outside
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.outcomes import Gone, NotFound
from fhirserver.responses import resource_response
from fhirserver.store import Store
from fhirserver.subsets import subset_response

_LARGEST_VERSION = 2**31
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")


def vread(request: FhirRequest, store: Store) -> FhirResponse:
    named = f"{request.resource_type}/{request.logical_id}"
    number = int(request.version_id) if _NUMBER.fullmatch(request.version_id) else 0
    version = None
    if 0 < number < _LARGEST_VERSION:
        version = store.get_version(request.resource_type, request.logical_id, number)
    # How many versions there are of what lies outside is told to nobody.
    told = version or store.get(request.resource_type, request.logical_id)
    if told is not None and not covers_now(store, "r", told):
        raise outside(store, "r", told)
    if version is None:
        raise NotFound(f"There is no version {request.version_id} of {named}.")
    if version.deleted:
        raise Gone(f"Version {number} of {named} is its deletion.")
    return subset_response(request, resource_response(request, version))
