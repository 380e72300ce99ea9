"""delete and conditional delete: https://hl7.org/fhir/R4/http.html#delete"""

from fhirserver.authorise import require_current
from fhirserver.conditions import find, query_of
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.limits import MAX_CONDITIONAL_DELETES
from fhirserver.numbers import whole_number
from fhirserver.outcomes import BadRequest, LimitExceeded, MultipleMatches
from fhirserver.responses import deleted_response
from fhirserver.store import Store, deletion_of
from fhirserver.writing import check_if_match, version_of


def delete(request: FhirRequest, store: Store) -> FhirResponse:
    """Deleting what is not there succeeds as well."""
    current = store.get_to_change(request.resource_type, request.logical_id)
    if current is not None:
        require_current(store, "d", current)
    check_if_match(request.header("if-match"), current)
    if current is None or current.deleted:
        return deleted_response(request, [])
    change = deletion_of(current)
    [change] = store.write([change])
    return deleted_response(request, [version_of(change)])


def conditional_delete(request: FhirRequest, store: Store) -> FhirResponse:
    """Delete what the condition matches: one resource, or as many as `_count` allows when it is given."""
    query = [pair for pair in query_of(request) if pair[0] != "_count"]
    allowed = _allowed(request)
    with store.atomic():
        rids = find(store, request.resource_type, query, allowed + 1)
        if len(rids) > allowed:
            raise MultipleMatches(
                f"The condition matches more than {allowed} resources. Give _count to delete several."
            )
        found = store.get_many_to_change(rids)
        for current in found.values():
            require_current(store, "d", current)
        changes = [deletion_of(current) for current in found.values() if not current.deleted]
        if changes:
            changes = list(store.write(changes))
    return deleted_response(request, [version_of(change) for change in changes])


def _allowed(request: FhirRequest) -> int:
    text = request.parameter("_count")
    if text is None:
        return 1
    allowed = whole_number("_count", text)
    if allowed < 1:
        raise BadRequest(f"_count is not a positive number: {text}")
    if allowed > MAX_CONDITIONAL_DELETES:
        raise LimitExceeded(f"_count is larger than {MAX_CONDITIONAL_DELETES} (MAX_CONDITIONAL_DELETES).")
    return allowed
