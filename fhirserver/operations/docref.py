"""$docref: a patient's documents. http://hl7.org/fhir/us/core/OperationDefinition-docref.html

Only documents that exist are found; none is made on demand.
"""

from fhirserver.bundles import searchset
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.instants import instant_range
from fhirserver.operations.parameters import Asked
from fhirserver.outcomes import BadRequest
from fhirserver.responses import json_response
from fhirserver.search.service import search
from fhirserver.store import Store


def docref(request: FhirRequest, store: Store) -> FhirResponse:
    asked = Asked(request)
    patient = asked.text("patient")
    if not patient:
        raise BadRequest("The parameter patient is missing.")
    query = [("patient", patient.removeprefix("Patient/"))]
    for name, prefix in (("start", "ge"), ("end", "le")):
        moment = asked.text(name)
        if moment:
            instant_range(name, moment)
            query.append(("period", f"{prefix}{moment}"))
    kinds = [_token(one) for one in asked.values.get("type", [])]
    if kinds:
        query.append(("type", ",".join(kinds)))
    found = FhirRequest(
        "GET", "DocumentReference", query, request.headers, b"", request.base_url, "DocumentReference"
    )
    return json_response(searchset(request.base_url, search(found, store.partition, store.grant)))


def _token(given: object) -> str:
    """A type as text (`system|code`), or as a Coding or CodeableConcept of a body."""
    if not isinstance(given, dict):
        return str(given)
    coding = given["coding"][0] if given.get("coding") else given
    return f"{coding.get('system', '')}|{coding.get('code', '')}"
