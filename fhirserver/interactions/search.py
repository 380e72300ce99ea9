"""search at type, compartment and system level, by GET and POST: https://hl7.org/fhir/R4/search.html"""

from fhirserver.bundles import SearchPieces, searchset
from fhirserver.characters import require_pairs_without_nul
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.negotiation import media_type
from fhirserver.outcomes import BadRequest, UnsupportedMediaType
from fhirserver.representation import body_of
from fhirserver.responses import json_response
from fhirserver.search.query import read_query
from fhirserver.search.service import search as find_page
from fhirserver.store import Store
from fhirserver.subsets import subset_of, subset_searched

_FORM = "application/x-www-form-urlencoded"


def search(request: FhirRequest, store: Store) -> FhirResponse:
    pieces = find_page(request, store.partition, store.grant)
    if request.resource_type == "OperationDefinition" and store.grant.is_unconfined(
        request.resource_type, "s"
    ):
        _add_offered(request, pieces)
    return json_response(searchset(request.base_url, _subset(request, pieces)))


def search_by_post(request: FhirRequest, store: Store) -> FhirResponse:
    """The form in the body joins the query of the address."""
    kind = media_type(request.header("content-type"))
    if request.body and kind not in (_FORM, ""):
        raise UnsupportedMediaType(f"A search by POST comes as {_FORM}, not as {kind}.")
    try:
        form = read_query(body_of(request).decode())
    except UnicodeDecodeError:
        raise BadRequest("The form is not UTF-8.") from None
    require_pairs_without_nul(form)
    request.query = [*request.query, *form]
    request.path = request.path.removesuffix("_search").rstrip("/")
    return search(request, store)


def _add_offered(request: FhirRequest, pieces: SearchPieces) -> None:
    """The server's own OperationDefinitions are not stored, yet their canonical URLs lead to them."""
    # The definitions name the table of operations, whose handlers search.
    from fhirserver.operations.definitions import offered_entries

    stored = list(pieces.entries)
    offered = offered_entries(request.query, request.base_url, stored)
    pieces.entries = stored + offered
    if pieces.total is not None:
        pieces.total += len(offered)


def _subset(request: FhirRequest, pieces: SearchPieces) -> SearchPieces:
    wanted = subset_of(request)
    if wanted is not None:
        pieces.entries = subset_searched(wanted, pieces.entries)
    return pieces
