"""`_contained` and `_containedType`: matches that others hold. https://hl7.org/fhir/R4/search.html#contained"""

from collections.abc import Sequence

from fhirserver.access import SEARCH, AccessGrant
from fhirserver.bundles import Entry
from fhirserver.guides.memory import Guides
from fhirserver.indexing.contained import contained_rid
from fhirserver.outcomes import NotSupported
from fhirserver.prepared import Row
from fhirserver.search.ast import And, Holders, Node, Within
from fhirserver.search.contained import NotOfContained, of_contained
from fhirserver.search.page import Source
from fhirserver.search.parse import Controls
from fhirserver.search.rewrite import allowed, holders_allowed
from fhirserver.search.unsupported import NOT_OF_CONTAINED, WITHOUT_CONTAINED
from fhirspec import json

_OF_HOLDERS = frozenset({"_id", "_lastUpdated"})


def require_possible(
    controls: Controls, types: Sequence[str], query: Sequence[tuple[str, str]], guides: Guides
) -> None:
    """Refuse what cannot be had of contained resources. Raises NotSupported with the reason."""
    if not controls.looks_within:
        return
    if len(types) != 1:
        raise _refused("_type", NOT_OF_CONTAINED["_type"], controls)
    added = guides.parameters.get(types[0], {})
    for name, _ in query:
        code = name.partition(".")[0].partition(":")[0]
        if code in NOT_OF_CONTAINED and code != "_type":
            raise _refused(name, NOT_OF_CONTAINED[code], controls)
        if code in added:
            raise _refused(
                name, "what guides add is searched in resources that stand by themselves", controls
            )
    if any(controls.stands_alone or code not in _OF_HOLDERS for code, _ in controls.sort):
        raise _refused("_sort", WITHOUT_CONTAINED["_sort"], controls)
    if controls.stands_alone and controls.includes:
        name = "_revinclude" if controls.includes[0].reverse else "_include"
        raise _refused(name, WITHOUT_CONTAINED[name], controls)


def require_whole_resources(query: Sequence[tuple[str, str]]) -> None:
    """A condition names a resource that can be written or referred to. Raises NotSupported."""
    if any(name == "_contained" and value not in ("", "false") for name, value in query):
        raise NotSupported("_contained: a condition finds resources that stand by themselves.")


def _refused(name: str, reason: str, controls: Controls) -> NotSupported:
    return NotSupported(f"{name} cannot be combined with _contained={controls.contained}: {reason}.")


def sources_of(resource_type: str, asked: Node, controls: Controls, grant: AccessGrant) -> list[Source]:
    """Where a page comes from. A match within a resource counts as that resource: the grant has to cover it."""
    own = And((asked, allowed(grant, resource_type, SEARCH)))
    if not controls.looks_within:
        return [(resource_type, own)]
    try:
        within = And((of_contained(asked), holders_allowed(grant)))
    except NotOfContained:
        reason = "a part of it asks what is not indexed of contained resources"
        raise _refused("This search", reason, controls) from None
    beside = own if controls.contained == "both" else None
    if not controls.stands_alone:
        return [(resource_type, Holders(within, beside))]
    return [(resource_type, Within(within)), *([(resource_type, beside)] if beside is not None else [])]


def entry_of(stored: Row, rid: int, controls: Controls) -> Entry:
    """`stored`: type, id and content. The entry of a row; with `_containedType=contained` perhaps of a resource within the one that the row brought."""
    resource_type, logical_id, content = stored
    if controls.stands_alone:
        holder = f"{resource_type}/{logical_id}"
        for one in json.decode(content).get("contained", ()):
            address = f"{holder}#{one.get('id', '')}"
            if contained_rid(holder, address.removeprefix(holder)) == rid:
                return Entry(one["resourceType"], one["id"], json.encode(one), address=address)
    return Entry(resource_type, logical_id, content)
