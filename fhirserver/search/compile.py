"""From conditions to SQL for both databases, values always bound.

The condition that fewest resources can match drives the statement; the others are probed by key for each of its rows.
"""

from typing import Any, NamedTuple

from fhirserver.connection import one_of
from fhirserver.partitions import Partition
from fhirserver.search.ast import (
    Amount,
    And,
    Chain,
    HasRow,
    MemberOf,
    Node,
    Not,
    Or,
    Posting,
    ReferredBy,
    Rids,
    Span,
    Target,
    Text,
    Updated,
)
from fhirserver.search.rewrite import of_type

_UNDRIVEN = 1000
_LAST_CHARACTER = "\U0010ffff"


class Sql(NamedTuple):
    text: str
    values: tuple[Any, ...] = ()


def join(separator: str, parts: list[Sql]) -> Sql:
    return Sql(
        separator.join(part.text for part in parts), tuple(one for part in parts for one in part.values)
    )


class Compiler:
    """Statements for one partition. Every alias has the columns `rank` and `rid`."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition
        self.number = partition.number
        self._aliases = 0
        self._parts: list[Sql] = []

    def whole(self, statement: Sql) -> Sql:
        """The statement led by what it refers to: chains are named parts, because SQLite's parser bears little nesting."""
        parts, self._parts = self._parts, []
        return join("", [Sql("WITH "), join(", ", parts), Sql(" "), statement]) if parts else statement

    def matches(self, resource_type: str, node: Node) -> Sql:
        """`FROM … m WHERE …`: the resources of the type that match, each once."""
        nodes = _flat(node)
        driver = min([*nodes, of_type(resource_type)], key=_weight)
        rest = [one for one in nodes if one is not driver]
        if isinstance(driver, (Rids, Updated, MemberOf, ReferredBy)) or _holds_any(driver):
            rest.append(of_type(resource_type))
        start = self._driver(driver)
        conditions = [self.condition(one, "m") for one in rest]
        return join(" AND ", [start, *conditions])

    def source(self, resource_type: str, node: Node) -> Sql:
        """`SELECT rid` of what matches."""
        found = self.matches(resource_type, node)
        return self.whole(Sql(f"SELECT m.rid {found.text}", found.values))

    # -- what drives -----------------------------------------------------------------------------------------

    def _driver(self, node: Node) -> Sql:
        match node:
            case Posting((key,)):
                return Sql("FROM fhir_posting m WHERE m.partition = %s AND m.key = %s", (self.number, key))
            case Target(param, (target,)):
                text = "FROM fhir_reference m WHERE m.partition = %s AND m.param = %s AND m.target = %s"
                return Sql(text, (self.number, param, target))
            case Rids(rids):
                among, value = one_of(self.partition.region, rids)
                return Sql(
                    f"FROM fhir_resource m WHERE m.partition = %s AND m.rid {among}", (self.number, value)
                )
        rows = self._rows(node)
        return Sql(f"FROM (SELECT DISTINCT rank, rid FROM ({rows.text}) u) m WHERE 1 = 1", rows.values)

    def _rows(self, node: Node) -> Sql:
        """`SELECT rank, rid` of what matches, perhaps several times."""
        if isinstance(node, Or):
            return join(" UNION ALL ", [self._rows(one) for one in node.nodes])
        if isinstance(node, (Posting, Target, Text, Span, Amount)):
            table, test = self._test(node, "x")
            text = f"SELECT x.rank, x.rid FROM {table} x WHERE x.partition = %s AND {test.text}"
            return Sql(text, (self.number, *test.values))
        rids = self._rids(node)
        text = f"SELECT t.rank, t.rid FROM fhir_resource t WHERE t.partition = %s AND t.rid IN ({rids.text})"
        return Sql(text, (self.number, *rids.values))

    def _rids(self, node: Node) -> Sql:
        match node:
            case Chain(param, And((Posting() as kind, *rest))):
                inner = self._inner(kind, rest)
                text = "SELECT f.rid FROM fhir_reference f WHERE f.partition = %s AND f.param = %s AND f.target IN"
                return Sql(f"{text} ({inner.text})", (self.number, param, *inner.values))
            case ReferredBy(param, And((Posting() as kind, *rest))):
                inner = self._inner(kind, rest)
                text = "SELECT f.target FROM fhir_reference f WHERE f.partition = %s AND f.param = %s AND f.rid IN"
                return Sql(f"{text} ({inner.text})", (self.number, param, *inner.values))
            case MemberOf(param, rid):
                text = "SELECT f.target FROM fhir_reference f WHERE f.partition = %s AND f.rid = %s AND f.param = %s"
                return Sql(text, (self.number, rid, param))
        raise TypeError(f"no source for {type(node).__name__}")

    def _inner(self, kind: Posting, rest: list[Node]) -> Sql:
        nodes = _flat(And(tuple(rest)))
        driver = min([*nodes, kind], key=_weight)
        others = [one for one in [*nodes, kind] if one is not driver]
        found = join(" AND ", [self._driver(driver), *(self.condition(one, "m") for one in others)])
        name = f"c{len(self._parts) + 1}"
        self._parts.append(Sql(f"{name} AS (SELECT m.rid {found.text})", found.values))
        return Sql(f"SELECT rid FROM {name}")

    # -- what is probed --------------------------------------------------------------------------------------

    def condition(self, node: Node, at: str) -> Sql:
        match node:
            case And(nodes):
                return self._all(nodes, " AND ", "1 = 1", at)
            case Or(nodes):
                return self._all(nodes, " OR ", "1 = 0", at)
            case Not(inner):
                made = self.condition(inner, at)
                return Sql(f"NOT ({made.text})", made.values)
            case Rids(rids):
                among, value = one_of(self.partition.region, rids)
                return Sql(f"{at}.rid {among}", (value,))
            case Updated(prefix, low, high):
                test = _compared("r.updated", "r.updated", prefix, low, high - 1)
                text = f"EXISTS (SELECT 1 FROM fhir_resource r WHERE r.partition = %s AND r.rid = {at}.rid AND {test.text})"
                return Sql(text, (self.number, *test.values))
            case HasRow(table, param):
                text = f"EXISTS (SELECT 1 FROM {table} h WHERE h.partition = %s AND h.rid = {at}.rid AND h.param = %s)"
                return Sql(text, (self.number, param))
            case Posting() | Target() | Text() | Span() | Amount():
                return self._probe(node, at)
        found = self._rids(node)
        return Sql(f"{at}.rid IN ({found.text})", found.values)

    def _all(self, nodes: tuple[Node, ...], word: str, empty: str, at: str) -> Sql:
        if not nodes:
            return Sql(empty)
        made = join(word, [self.condition(one, at) for one in nodes])
        return Sql(f"({made.text})", made.values)

    def _probe(self, node: Node, at: str) -> Sql:
        self._aliases += 1
        alias = f"p{self._aliases}"
        table, test = self._test(node, alias)
        rank = f" AND {alias}.rank = {at}.rank" if isinstance(node, (Posting, Target)) else ""
        text = (
            f"EXISTS (SELECT 1 FROM {table} {alias} WHERE {alias}.partition = %s AND {test.text}"
            f" AND {alias}.rid = {at}.rid{rank})"
        )
        return Sql(text, (self.number, *test.values))

    def _test(self, node: Node, at: str) -> tuple[str, Sql]:
        """The table of a condition, and what its rows must fulfil."""
        match node:
            case Posting(keys):
                return "fhir_posting", self._one_of(f"{at}.key", keys)
            case Target(param, targets):
                test = self._one_of(f"{at}.target", targets)
                return "fhir_reference", Sql(f"{at}.param = %s AND {test.text}", (param, *test.values))
            case Text(param, text, True):
                like = "%" + text.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
                return "fhir_string", Sql(f"{at}.param = %s AND {at}.value LIKE %s ESCAPE '!'", (param, like))
            case Text(param, text, _):
                within = f"{at}.param = %s AND {at}.value >= %s AND {at}.value < %s"
                return "fhir_string", Sql(within, (param, text, text + _LAST_CHARACTER))
            case Span(param, prefix, low, high):
                made = _compared(f"{at}.low", f"{at}.high", prefix, low, high)
                return "fhir_date", Sql(f"{at}.param = %s AND {made.text}", (param, *made.values))
            case Amount(param, unit, prefix, value, low, high):
                made = _measured(at, prefix, value, low, high)
                within = f"{at}.param = %s AND {at}.unit = %s AND {made.text}"
                return "fhir_quantity", Sql(within, (param, unit, *made.values))
        raise TypeError(f"no rows for {type(node).__name__}")

    def _one_of(self, column: str, numbers: tuple[int, ...]) -> Sql:
        if len(numbers) == 1:
            return Sql(f"{column} = %s", numbers)
        among, value = one_of(self.partition.region, numbers)
        return Sql(f"{column} {among}", (value,))


def _compared(low: str, high: str, prefix: str, start: int, end: int) -> Sql:
    """A span low..high of the resource against start..end of the search. https://hl7.org/fhir/R4/search.html#prefix"""
    match prefix:
        case "eq":
            return Sql(f"{low} >= %s AND {high} <= %s", (start, end))
        case "ne":
            return Sql(f"({low} < %s OR {high} > %s)", (start, end))
        case "gt":
            return Sql(f"{high} > %s", (end,))
        case "lt":
            return Sql(f"{low} < %s", (start,))
        case "ge":
            return Sql(f"({low} >= %s OR {high} > %s)", (start, end))
        case "le":
            return Sql(f"({low} < %s OR {high} <= %s)", (start, end))
        case "sa":
            return Sql(f"{low} >= %s", (end,)) if low != high else Sql(f"{low} > %s", (end,))
        case "eb":
            return Sql(f"{high} <= %s", (start,)) if low != high else Sql(f"{high} < %s", (start,))
    return Sql(f"{low} < %s AND {high} > %s", (end, start))


def _measured(at: str, prefix: str, value: float, low: float, high: float) -> Sql:
    """A number against a number: only eq, ne and ap look at its precision."""
    match prefix:
        case "ne":
            return Sql(f"({at}.low < %s OR {at}.high >= %s)", (low, high))
        case "gt":
            return Sql(f"{at}.high > %s", (value,))
        case "lt":
            return Sql(f"{at}.low < %s", (value,))
        case "ge":
            return Sql(f"{at}.high >= %s", (value,))
        case "le":
            return Sql(f"{at}.low <= %s", (value,))
        case "sa":
            return Sql(f"{at}.low > %s", (value,))
        case "eb":
            return Sql(f"{at}.high < %s", (value,))
        case "ap":
            return Sql(f"{at}.low <= %s AND {at}.high >= %s", (high, low))
    return Sql(f"{at}.low >= %s AND {at}.high < %s", (low, high))


def _flat(node: Node) -> list[Node]:
    if isinstance(node, And):
        return [one for inner in node.nodes for one in _flat(inner)]
    return [node]


def _weight(node: Node) -> int:
    """How many resources a condition may match, as a rough order; _UNDRIVEN: it cannot drive."""
    match node:
        case Posting(keys, weight):
            return weight + (1 if len(keys) > 1 else 0)
        case Rids():
            return 0
        case MemberOf():
            return 8
        case Target():
            return 10
        case Text(_, _, contains):
            return 92 if contains else 30
        case Span(_, prefix, _, _):
            return 45 if prefix == "eq" else 95
        case Amount():
            return 55
        case Chain() | ReferredBy():
            return 40
        case Or(nodes) if nodes:
            weights = [_weight(one) for one in nodes]
            return max(weights) + 1 if max(weights) < _UNDRIVEN and not _holds_rids(nodes) else _UNDRIVEN
    return _UNDRIVEN


def _holds_rids(nodes: tuple[Node, ...]) -> bool:
    return any(isinstance(one, (Rids, And, Or)) for one in nodes)


def _holds_any(node: Node) -> bool:
    return isinstance(node, Or) and any(isinstance(one, (MemberOf, ReferredBy)) for one in node.nodes)
