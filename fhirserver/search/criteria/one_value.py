"""One value of a parameter, of whichever type and modifier."""

from fhirserver.indexing.params import special
from fhirserver.search.ast import EVERYTHING, And, MemberOf, Node, ReferredBy, Rids, Updated, of_type
from fhirserver.search.criteria.by_type import by_type
from fhirserver.search.criteria.coded import coded
from fhirserver.search.criteria.composite import composite
from fhirserver.search.criteria.date import dated
from fhirserver.search.criteria.near import near
from fhirserver.search.parse import unescaped
from fhirserver.search.scope import Scope
from fhirspec.definitions import SearchParameter
from fhirspec.hashing import hash64

_REFERRING = ("reference", "composite")
_BY_TERMINOLOGY = ("in", "not-in", "above", "below")


def one_value(resource_type: str, found: SearchParameter, modifier: str, value: str, scope: Scope) -> Node:
    if scope.base and found.type in _REFERRING:
        # An address of this server means the same as a relative reference; it stands at the start of a value, or of a part.
        value = value.removeprefix(f"{scope.base}/").replace(f"${scope.base}/", "$")
    if found.code == "_id":
        return Rids((hash64(f"{resource_type}/{unescaped(value)}"),))
    if found.code == "_lastUpdated":
        prefix, (low, high) = dated("_lastUpdated", value)
        return Updated(resource_type, prefix, low, high)
    if found.code == "_list":
        return _on_list(hash64(f"List/{unescaped(value)}"), scope)
    if found.code == "near":
        return near(value)
    if found.type == "composite":
        return composite(resource_type, found, value)
    if modifier in _BY_TERMINOLOGY and found.type == "token":
        return coded(resource_type, found, modifier, value, scope)
    return by_type(resource_type, found, modifier, value)


def _on_list(rid: int, scope: Scope) -> Node:
    """A List tells of its members, so a caller must be able to find it."""
    confined = scope("List")
    if confined == EVERYTHING:
        return MemberOf(special.LIST_MEMBERS, rid)
    return ReferredBy(special.LIST_MEMBERS, And((of_type("List"), Rids((rid,)), confined)))
