"""What the caller's grant adds to a search: on the searched type, and on every type that a chain, `_has` or include reaches."""

from urllib.parse import parse_qsl

from fhirserver.access import SEARCH, AccessGrant, Permission
from fhirserver.indexing.contained import HELD_BY, holder_key
from fhirserver.indexing.extract import PATIENT, compartment_codes
from fhirserver.indexing.keys import compartment_key, type_key
from fhirserver.reached import patients_reading
from fhirserver.rows import param_code
from fhirserver.search.ast import (
    EVERYTHING,
    NOTHING,
    And,
    Chain,
    Node,
    Posting,
    Reached,
    Rids,
    Target,
    any_of,
    of_type,
)
from fhirserver.search.criteria import UnknownParameter, condition
from fhirserver.search.scope import Scope
from fhirspec.catalogue import get_catalogue
from fhirspec.hashing import hash64


def in_compartment(compartment_type: str, logical_id: str, resource_type: str) -> Node:
    if compartment_type == PATIENT:
        return Posting((compartment_key(PATIENT, logical_id, resource_type),), 12)
    rid = hash64(f"{compartment_type}/{logical_id}")
    nodes: list[Node] = [
        Target(param_code(resource_type, code), (rid,))
        for code in compartment_codes(compartment_type, resource_type)
    ]
    if resource_type == compartment_type:
        nodes.append(Rids((rid,)))
    return any_of(nodes) if nodes else NOTHING


def allowed(grant: AccessGrant, resource_type: str, interaction: str) -> Node:
    """The resources of the type that the grant covers."""
    if grant.is_unconfined(resource_type, interaction):
        return EVERYTHING
    permissions = grant.for_interaction(resource_type, interaction)
    along = patients_reading(grant, resource_type, interaction)
    nodes: list[Node] = [Reached(patient) for patient in along]
    # What is read along with a record lies in none, so that nothing else is covered by the same permissions.
    nodes += [
        _of(one, resource_type, grant) for one in permissions if one.restriction is not None or not along
    ]
    return any_of(nodes) if nodes else NOTHING


def holders_allowed(grant: AccessGrant) -> Node:
    """Of contained resources: those whose holder the grant lets be found. A match within a resource counts as that resource."""
    names = sorted(get_catalogue().resource_type_set)
    if all(grant.is_unconfined(name, SEARCH) for name in names):
        return EVERYTHING
    keys: list[int] = []
    nodes: list[Node] = []
    for name in names:
        if grant.is_unconfined(name, SEARCH):
            keys.append(holder_key(type_key(name)))
            continue
        for one in grant.for_interaction(name, SEARCH):
            if one.restriction is None and one.compartment and one.compartment[0] == PATIENT:
                keys.append(holder_key(compartment_key(*one.compartment, name)))
            else:
                nodes.append(Chain(HELD_BY, And((of_type(name), _of(one, name, grant)))))
    if keys:
        nodes.append(Posting(tuple(keys), 60))
    return any_of(nodes) if nodes else NOTHING


def _of(permission: Permission, resource_type: str, grant: AccessGrant) -> Node:
    nodes: list[Node] = []
    if permission.compartment is not None:
        nodes.append(in_compartment(*permission.compartment, resource_type))
    if permission.restriction is not None:
        # The restriction itself may look at everything: it was written by whoever gave the permission.
        query = parse_qsl(permission.restriction, keep_blank_values=True)
        if not query:
            return NOTHING
        try:
            nodes += [
                condition(resource_type, name, text, Scope(lambda _: EVERYTHING)) for name, text in query
            ]
        except UnknownParameter:
            # `patient/*.rs?category=…` reaches only types that have a category.
            return NOTHING
    return And(tuple(nodes))
