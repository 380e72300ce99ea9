"""One value of a parameter, of whichever type and modifier."""

from fhirserver.indexing.params import special
from fhirserver.search.ast import MemberOf, Node, Rids, Updated
from fhirserver.search.criteria.by_type import by_type
from fhirserver.search.criteria.coded import coded
from fhirserver.search.criteria.composite import composite
from fhirserver.search.criteria.date import dated
from fhirserver.search.criteria.near import near
from fhirserver.search.parse import unescaped
from fhirserver.search.scope import Scope
from fhirspec.definitions import SearchParameter
from fhirspec.hashing import hash64

_BY_TERMINOLOGY = ("in", "not-in", "above", "below")


def one_value(resource_type: str, found: SearchParameter, modifier: str, value: str, scope: Scope) -> Node:
    if found.code == "_id":
        return Rids((hash64(f"{resource_type}/{unescaped(value)}"),))
    if found.code == "_lastUpdated":
        prefix, (low, high) = dated("_lastUpdated", value)
        return Updated(resource_type, prefix, low, high)
    if found.code == "_list":
        return MemberOf(special.LIST_MEMBERS, hash64(f"List/{unescaped(value)}"))
    if found.code == "near":
        return near(value)
    if found.type == "composite":
        return composite(resource_type, found, value)
    if modifier in _BY_TERMINOLOGY and found.type == "token":
        return coded(resource_type, found, modifier, value, scope)
    return by_type(resource_type, found, modifier, value)
