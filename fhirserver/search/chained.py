"""A page of a chain of which many are found: from where the page begins on, each resource of the type is tested, instead of first collecting all that
refers or is referred to.

How often such a walk meets a match is not known beforehand: it reads a stretch, and whoever finds too little there collects.
"""

from fhirserver.connection import fetch, is_postgresql, looked_up
from fhirserver.search.ast import And, Chain, Node, Or, Posting, ReferredBy, conjuncts, is_of_rows, of_type
from fhirserver.search.compile import BY_KEY, Compiler
from fhirserver.search.sql import Sql, join, rows_of
from fhirserver.search.weights import weight

MANY = 1_000
"""So many at the other end of the references are collected as quickly."""
STRETCH = 50
"""Resources that a walk may test, for each that is wanted."""


def along_type(
    compiler: Compiler, resource_type: str, node: Node, after: Sql, order: str, limit: int
) -> Sql | None:
    """`FROM … m WHERE …` of matches in the order of postings, some of them or all; `after` is a test of `m`, `order` an ORDER BY. None where
    collecting is better."""
    nodes = conjuncts(node)
    kind = of_type(resource_type)
    driver = min([*nodes, kind], key=weight)
    chains = driver.nodes if isinstance(driver, Or) else (driver,)
    if not any(_are_many(compiler, one) for one in chains):
        return None
    text = f"FROM fhir_posting m WHERE m.partition = %s AND m.key = %s{after.text}"
    ahead = Sql(text, (compiler.number, *kind.keys, *after.values))
    far = f"SELECT m.rank, m.rid {ahead.text}{order} LIMIT 1 OFFSET {STRETCH * limit}"
    sign = ">=" if " DESC" in order else "<="
    ends = [
        Sql(f"(m.rank, m.rid) {sign} (%s, %s)", (rank, rid))
        for rank, rid in fetch(compiler.partition.region, far, ahead.values)
    ]
    return join(" AND ", [ahead, *ends, *(_tested(compiler, one) for one in nodes)])


def _are_many(compiler: Compiler, node: Node) -> bool:
    """Whether there are many at the other end, as far as the condition tells that leads there."""
    match node:
        case Chain(_, And((Posting() as kind, *rest))) | ReferredBy(_, And((Posting() as kind, *rest))):
            driver = min([*conjuncts(And(tuple(rest))), kind], key=weight)
            if not is_of_rows(driver):
                # To count them would cost as much as to collect them.
                return False
            found = compiler.driver(driver, kind.within)
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
