"""A page of a chain of which many are found: from where the page begins on, each resource of the type, or with the key or target that another
condition names, is tested, instead of first collecting all that refers or is referred to.

How often such a walk meets a match is not known beforehand: it reads a stretch, and whoever finds too little there collects.
"""

from typing import NamedTuple

from fhirserver.connection import fetch, is_postgresql, looked_up
from fhirserver.search.ast import (
    And,
    Chain,
    Node,
    Or,
    Posting,
    ReferredBy,
    Target,
    conjuncts,
    is_of_rows,
    of_type,
)
from fhirserver.search.compile import BY_KEY, Compiler
from fhirserver.search.sql import Sql, join, rows_of
from fhirserver.search.weights import weight

MANY = 1_000
"""So many at the other end of the references are collected as quickly."""
MOST = 4
"""Among so many chains it is asked which lead to many; what may be a chain to any type is collected."""
STRETCH = 50
"""Resources that a walk may test, for each that is wanted."""


class Walk(NamedTuple):
    """`matches`: `FROM … m WHERE …` in the order of postings; `is_whole`: all there are."""

    matches: Sql
    is_whole: bool


def walk_tested(
    compiler: Compiler, resource_type: str, node: Node, after: Sql, order: str, limit: int
) -> Walk | None:
    """`after` is a test of `m`, `order` an ORDER BY. None where collecting is better."""
    nodes = conjuncts(node)
    kind = of_type(resource_type)
    driver = min([*nodes, kind], key=weight)
    lead: Node = kind
    chains = [driver]
    match driver:
        case Posting(keys=(_,)) | Target(targets=(_,)):
            # What lies under one key lies in the order of the page.
            lead, chains = driver, nodes
    stored = [part for one in chains for part in _alternatives(one) if _leads_to_stored(part)]
    if len(stored) > MOST or not any(_are_many(compiler, one) for one in stored):
        return None
    ahead = join("", [compiler.driver(lead, within=False), after])
    far = f"SELECT m.rank, m.rid {ahead.text}{order} LIMIT 1 OFFSET {STRETCH * limit}"
    sign = ">=" if " DESC" in order else "<="
    ends = [
        Sql(f"(m.rank, m.rid) {sign} (%s, %s)", (rank, rid))
        for rank, rid in fetch(compiler.partition.region, far, ahead.values)
    ]
    matches = join(" AND ", [ahead, *ends, *(_tested(compiler, one) for one in nodes if one is not lead)])
    return Walk(matches, not ends)


def _alternatives(node: Node) -> tuple[Node, ...]:
    return node.nodes if isinstance(node, Or) else (node,)


def _leads_to_stored(node: Node) -> bool:
    match node:
        case Chain(_, And((Posting(within=False), *_))) | ReferredBy():
            return True
    return False


def _are_many(compiler: Compiler, node: Node) -> bool:
    """Whether there are many at the other end, as far as the condition tells that leads there."""
    match node:
        case Chain(_, And(parts)) | ReferredBy(_, And(parts)):
            driver = min(conjuncts(And(parts)), key=weight)
            if not is_of_rows(driver):
                # To count them would cost as much as to collect them.
                return False
            found = compiler.driver(driver, within=False)
            text = f"SELECT 1 {found.text} LIMIT 1 OFFSET {MANY}"
            return bool(fetch(compiler.partition.region, text, found.values))
    return False


def _tested(compiler: Compiler, node: Node) -> Sql:
    """A condition of `m` as the compiler gives it, but where it leads along references those of this row alone are followed."""
    region, number = compiler.partition.region, compiler.number
    values: tuple[int, ...]
    match node:
        case Or(nodes) if nodes:
            made = join(" OR ", [_tested(compiler, one) for one in nodes])
            return Sql(f"({made.text})", made.values)
        case ReferredBy(param, inner):
            fence = " OFFSET 0" if is_postgresql(region) else ""
            rows = (
                "SELECT rank, rid FROM fhir_reference WHERE partition = %s AND param = %s AND target = m.rid"
            )
            source, values = f"FROM ({rows}{fence}) f WHERE 1 = 1", (number, param)
        case Chain(param, And((Posting(within=False), *_)) as inner):
            targets = (
                f"(SELECT r.target FROM {rows_of(region, 'fhir_reference', 'm')} r WHERE r.param = %s) o"
            )
            tests = "f.partition = %s AND f.rid = o.target"
            source = looked_up(region, targets, "fhir_resource", "f.rank, f.rid", tests)
            source += " WHERE 1 = 1" if is_postgresql(region) else ""
            values = (number, param, number)
        case _:
            return compiler.condition(node, "m")
    made = compiler.condition(inner, "f")
    return Sql(f"EXISTS (SELECT 1 {source} AND {made.text}{BY_KEY})", (*values, *made.values))
