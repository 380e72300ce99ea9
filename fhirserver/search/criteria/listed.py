"""`_list`: the members of a List, named by its id or by what it is for. https://hl7.org/fhir/R4/search.html#list

`$current-allergies` stands for the lists that are current and of that code (https://hl7.org/fhir/R4/lifecycle.html#current); whose they are is
for the other parameters to say.
"""

from fhirserver.indexing.keys import value_key
from fhirserver.indexing.params import special, token
from fhirserver.outcomes import BadRequest
from fhirserver.search.ast import EVERYTHING, NOTHING, And, MemberOf, Node, Posting, ReferredBy, Rids, of_type
from fhirserver.search.parse import unescaped
from fhirserver.search.scope import Scope
from fhirspec.hashing import hash64

_CODES = {
    "$current-problems": "problems",
    "$current-medications": "medications",
    "$current-allergies": "allergies",
    "$current-drug-allergies": "allergies",
}


def listed(resource_type: str, value: str, scope: Scope) -> Node:
    """A List tells of its members, so a caller must be able to find it. Raises BadRequest for a function that is not known."""
    text, confined = unescaped(value), scope("List")
    if text.startswith("$"):
        return _by_function(resource_type, text, confined)
    rid = hash64(f"List/{text}")
    if confined == EVERYTHING:
        return MemberOf(special.LIST_MEMBERS, rid)
    return ReferredBy(special.LIST_MEMBERS, And((of_type("List"), Rids((rid,)), confined)))


def _by_function(resource_type: str, name: str, confined: Node) -> Node:
    if name not in _CODES:
        raise BadRequest(f"_list={name} is neither the id of a List nor one of {', '.join(_CODES)}.")
    lists = And(
        (of_type("List"), _has("List", "code", _CODES[name]), _has("List", "status", "current"), confined)
    )
    members = ReferredBy(special.LIST_MEMBERS, lists)
    if name != "$current-drug-allergies":
        return members
    if resource_type != "AllergyIntolerance":
        return NOTHING
    return And((members, _has(resource_type, "category", "medication")))


def _has(resource_type: str, code: str, value: str) -> Node:
    return Posting((value_key(resource_type, code, token.by_code(value)),))
