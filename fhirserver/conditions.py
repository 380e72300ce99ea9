"""Conditions that name a resource by a search: If-None-Exist, conditional update, patch, delete and references.

https://hl7.org/fhir/R4/http.html#ccreate
"""

from collections.abc import Collection, Sequence
from urllib.parse import urlencode

from fhirserver.authorise import require
from fhirserver.http import FhirRequest
from fhirserver.outcomes import MultipleMatches, PreconditionFailed
from fhirserver.search.query import read_query
from fhirserver.search.service import find_matches
from fhirserver.store import Store, Version

Query = Sequence[tuple[str, str]]
_FOR_THE_ANSWER = ("_format", "_pretty", "_summary", "_elements")


def query_of(request: FhirRequest) -> list[tuple[str, str]]:
    """The condition in the address, without what speaks of the answer's form."""
    return [pair for pair in request.query if pair[0] not in _FOR_THE_ANSWER]


def find(store: Store, resource_type: str, query: Query, limit: int) -> list[int]:
    """The rids that match and that the caller may search, at most `limit`. Inside a transaction: other requests with the same
    condition wait. Raises Forbidden: without the right to search, no condition could be honoured."""
    if not query:
        raise PreconditionFailed("A conditional interaction needs a condition; the query is empty.")
    require(store.grant, resource_type, "s")
    store.lock(f"{resource_type}?{urlencode(query)}")
    return list(find_matches(store.partition, store.grant, resource_type, list(query), limit))


def matches_of(
    store: Store, resource_type: str, condition: str | Query, gone: Collection[str] = ()
) -> Version | None:
    """The one resource that matches, None when none does; those of the ids that are `gone` do not count. Raises MultipleMatches."""
    if isinstance(condition, str):
        # Where a whole address was sent, its query is the condition.
        condition = condition.removeprefix(f"{store.partition.base}/")
        condition = condition.removeprefix(f"{resource_type}?").removeprefix("?").strip()
        condition = read_query(condition)
    rids = find(store, resource_type, condition, 2 + len(gone))
    found = [one for one in store.get_many(rids).values() if one.logical_id not in gone]
    if len(found) > 1:
        raise MultipleMatches(
            f"The condition matches several resources: {resource_type}?{urlencode(condition)}"
        )
    return found[0] if found else None
