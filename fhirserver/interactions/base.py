"""batch and transaction, both sent to the base: https://hl7.org/fhir/R4/http.html#transaction"""

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.interactions.batch import batch, read_bundle
from fhirserver.interactions.transaction import transaction
from fhirserver.store import Store


def process_bundle(request: FhirRequest, store: Store) -> FhirResponse:
    # An entry goes through the same table of routes as any request, and that table names this function.
    from fhirserver.engine import answer

    found = read_bundle(request)
    if found["type"] == "batch":
        return batch(request, store, found, answer)
    return transaction(request, store, found, answer)
