"""One value of a parameter, of whichever type and modifier."""

from fhirserver.search.ast import Node, Rids, Updated, any_of
from fhirserver.search.criteria.by_type import by_type
from fhirserver.search.criteria.coded import coded
from fhirserver.search.criteria.composite import composite
from fhirserver.search.criteria.date import dated
from fhirserver.search.criteria.hierarchy import in_hierarchy
from fhirserver.search.criteria.listed import listed
from fhirserver.search.criteria.near import near
from fhirserver.search.criteria.reference import require_one_target
from fhirserver.search.parse import unescaped
from fhirserver.search.scope import Scope
from fhirspec.definitions import SearchParameter
from fhirspec.hashing import hash64

_REFERRING = ("reference", "composite")
_BY_TERMINOLOGY = ("in", "not-in", "above", "below")
_ALONG = ("above", "below")


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
        return listed(resource_type, value, scope)
    if found.code == "near":
        return near(value)
    if found.type == "composite":
        return composite(resource_type, found, value)
    if modifier in _BY_TERMINOLOGY and found.type == "token":
        if scope.base and modifier in ("in", "not-in"):
            # A value set may be named by its address on this server.
            value = value.removeprefix(f"{scope.base}/")
        return coded(resource_type, found, modifier, value, scope)
    if modifier in _ALONG and found.type == "reference":
        return in_hierarchy(resource_type, found, modifier, value, scope)
    if found.type == "reference" and not modifier:
        require_one_target(resource_type, found, value, scope)
    node = by_type(resource_type, found, modifier, value)
    if found.code == "_profile" and scope.base and ":" not in value:
        # `_profile=StructureDefinition/lipid` means the profile of this server.
        return any_of([node, by_type(resource_type, found, modifier, f"{scope.base}/{value}")])
    return node
