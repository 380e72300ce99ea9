"""Which entry, or which stored resource, each reference of a transaction means.

https://hl7.org/fhir/R4/http.html#trules
"""

from fhirserver.authorise import require
from fhirserver.conditions import matches_of
from fhirserver.guides.memory import guides_of
from fhirserver.indexing.extract import index_rows
from fhirserver.interactions.entries import Entry, Located, Transaction
from fhirserver.interactions.references import Addresses, conditional_references, rewrite
from fhirserver.outcomes import FhirError, MultipleMatches
from fhirserver.search.query import read_query
from fhirserver.search.service import matches
from fhirserver.store import now_us
from fhirserver.writing import is_valid


def resolve_references(work: Transaction) -> None:
    """Replace, in every entry's resource, the references to other entries and by conditions. Raises FhirError naming the entry."""
    for entry in work.entries if work.may_refer_by_condition else ():
        if entry.resource is None:
            continue
        with Located(entry):
            for found in conditional_references(entry.resource):
                if found not in work.addresses:
                    work.addresses[found] = _one_match(work, found)
    if not work.addresses:
        return
    # A relative reference is meant relative to the fullUrl of its own entry: bundle.html#references.
    seen_from = {base: {**work.addresses, **below} for base, below in work.elsewhere.items()}
    versions = {entry.address: _next_version(work, entry) for entry in work.writes}
    for entry in work.entries:
        if entry.resource is not None:
            rewrite(entry.resource, Addresses(seen_from.get(entry.place()[0], work.addresses), versions))


def _next_version(work: Transaction, entry: Entry) -> int:
    """The version that the entry writes, or finds."""
    if entry.method == "POST":
        return entry.existing.version if entry.existing is not None else 1
    current = work.currents.get(entry.rid)
    return current.version + 1 if current is not None else 1


def _one_match(work: Transaction, reference: str) -> str:
    """What is stored goes before what this transaction is about to store."""
    resource_type, _, query = reference.partition("?")
    require(work.store.grant, resource_type, "s")
    condition = read_query(query)
    found = matches_of(work.store, resource_type, condition, work.gone[resource_type])
    if found is not None:
        return f"{resource_type}/{found.logical_id}"
    new = [entry.address for entry in work.writes if _will_match(work, entry, resource_type, condition)]
    if len(new) > 1:
        raise MultipleMatches(f"The conditional reference {reference} matches {' and '.join(new[:2])}.")
    if not new:
        raise NotFoundReference(f"The conditional reference {reference} matches nothing.")
    return new[0]


def _will_match(work: Transaction, entry: Entry, resource_type: str, query: list[tuple[str, str]]) -> bool:
    if entry.resource is None or entry.request.resource_type != resource_type or entry.response is not None:
        return False
    stored = {**entry.resource, "id": entry.request.logical_id}
    if not is_valid(stored):
        # It is refused by name a little later.
        return False
    added = guides_of(work.store.partition).added_to(resource_type)
    return matches(
        index_rows(stored, entry.rid, now_us(), added, work.store.partition.base), resource_type, query
    )


class NotFoundReference(FhirError):
    """A conditional reference that nothing matches."""

    status = 412
    code = "not-found"
