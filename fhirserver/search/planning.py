"""Before a search is compiled: words are read that wait to be, and it is seen how much some conditions match."""

from dataclasses import replace

from fhirserver.connection import fetch, is_postgresql
from fhirserver.partitions import Partition
from fhirserver.reached import reached
from fhirserver.search.ast import (
    And,
    Chain,
    FullText,
    Holders,
    InHierarchy,
    Matches,
    Node,
    Not,
    Or,
    Reached,
    ReferredBy,
    Rids,
    Updated,
    Within,
)
from fhirserver.search.comparisons import changed
from fhirserver.search.fulltext import bring_up_to_date
from fhirserver.search.text_query import as_fts5, as_tsquery, scope_of

COMMON = 2_000
"""From so many matches on, a page is found sooner by walking the type in order than by sorting what matches."""


FEW = 1_000
"""So many lately changed resources are named one by one: a search by time then starts from them."""


def planned(partition: Partition, node: Node) -> Node:
    """The same condition. Raises StoreUnavailable."""
    match node:
        case FullText():
            bring_up_to_date(partition, node.resource_type)
            return replace(node, common=_is_common(partition, node))
        case Updated(held=False):
            return _named(partition, node)
        case InHierarchy():
            return replace(node, confined=planned(partition, node.confined))
        case Reached(patient):
            return Rids(tuple(sorted(reached(partition, patient))))
        case And(nodes):
            return And(tuple(planned(partition, one) for one in nodes))
        case Or(nodes):
            return Or(tuple(planned(partition, one) for one in nodes))
        case Not(inner):
            return Not(planned(partition, inner))
        case Chain(param, inner):
            return Chain(param, planned(partition, inner))
        case ReferredBy(param, inner):
            return ReferredBy(param, planned(partition, inner))
    return node


def planned_matches(partition: Partition, asked: Matches) -> Matches:
    """The same for what others hold. Raises StoreUnavailable."""
    match asked:
        case Within(node):
            return Within(planned(partition, node))
        case Holders(node, own):
            return Holders(planned(partition, node), None if own is None else planned(partition, own))
    return planned(partition, asked)


def _named(partition: Partition, node: Updated) -> Node:
    test = changed("r.updated", node.prefix, node.low, node.high)
    statement = f"SELECT r.rid FROM fhir_resource r WHERE r.partition = %s AND r.type = %s AND {test.text} LIMIT {FEW + 1}"
    found = fetch(partition.region, statement, (partition.number, node.resource_type, *test.values))
    return node if len(found) > FEW else Rids(tuple(row[0] for row in found))


def words_asked(partition: Partition, node: FullText) -> str:
    """The expression in the words of the region's database, for this partition and type alone."""
    scope = scope_of(partition.number, node.resource_type)
    if is_postgresql(partition.region):
        return as_tsquery(node.expression, scope)
    return as_fts5(node.expression, node.column, scope)


def _is_common(partition: Partition, node: FullText) -> bool:
    if is_postgresql(partition.region):
        source = f"fhir_text_by_{node.column}(%s::tsquery)"
    else:
        source = "fhir_text_words WHERE fhir_text_words MATCH %s"
    statement = f"SELECT 1 FROM {source} LIMIT 1 OFFSET {COMMON}"
    return bool(fetch(partition.region, statement, (words_asked(partition, node),)))
