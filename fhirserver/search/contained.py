"""Searches that look into resources: `_contained`, and chains that go on within a resource. https://hl7.org/fhir/R4/search.html#contained

What is asked of a resource that stands by itself becomes what is asked of a contained one, by the turn under which it is indexed.
"""

from dataclasses import replace

from fhirserver.indexing.contained import own_id_key, turned_key, turned_param
from fhirserver.indexing.keys import type_key
from fhirserver.search.ast import (
    Amount,
    And,
    Chain,
    HasRow,
    Near,
    Node,
    Not,
    Or,
    Pair,
    Posting,
    ReferredBy,
    Rids,
    Span,
    Stretch,
    Target,
    Text,
    Updated,
)


class NotOfContained(Exception):
    """The condition asks what is not indexed of contained resources."""


def contained_of_type(*resource_types: str) -> Posting:
    return Posting(tuple(turned_key(type_key(one)) for one in resource_types), 90, within=True)


def of_contained(node: Node) -> Node:
    """The same, asked of contained resources. Raises NotOfContained."""
    match node:
        case And(nodes):
            return And(tuple(of_contained(one) for one in nodes))
        case Or(nodes):
            return Or(tuple(of_contained(one) for one in nodes))
        case Not(inner):
            return Not(of_contained(inner))
        case Posting(keys):
            return replace(node, keys=tuple(map(turned_key, keys)))
        case Rids(rids):
            return Posting(tuple(map(own_id_key, rids)), 5)
        case Near(params) | Text(params):
            return replace(node, params=tuple(map(turned_param, params)))
        case Target() | Stretch() | Span() | Amount() | Pair() | HasRow() | Chain():
            return replace(node, param=turned_param(node.param))
        case Updated():
            return replace(node, held=True)
        case ReferredBy():
            # What refers to a contained resource is the one that holds it, and that is indexed like any other.
            return node
    raise NotOfContained
