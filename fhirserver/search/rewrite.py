"""What the caller's grant adds to a search: on the searched type, and on every type that a chain, `_has` or include reaches."""

from urllib.parse import parse_qsl

from fhirserver.access import AccessGrant, Permission
from fhirserver.indexing.extract import PATIENT, compartment_codes
from fhirserver.indexing.keys import compartment_key
from fhirserver.rows import param_code
from fhirserver.search.ast import EVERYTHING, NOTHING, And, Node, Posting, Rids, Target, any_of
from fhirserver.search.criteria import UnknownParameter, condition
from fhirserver.search.scope import Scope
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
    return any_of([_of(one, resource_type, grant) for one in permissions]) if permissions else NOTHING


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
