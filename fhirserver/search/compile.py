"""From conditions to SQL for both databases, values always bound.

The condition that fewest resources can match drives the statement; the others are probed by key for each of its rows.
"""

from fhirserver.connection import is_postgresql, looked_up, one_of
from fhirserver.indexing.contained import HELD_BY
from fhirserver.partitions import Partition
from fhirserver.search.ast import (
    Amount,
    And,
    Chain,
    FullText,
    HasRow,
    Holders,
    InHierarchy,
    Matches,
    MemberOf,
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
    Within,
    conjuncts,
    of_type,
)
from fhirserver.search.comparisons import changed
from fhirserver.search.contained import contained_of_type
from fhirserver.search.holders import holders_of, ranked
from fhirserver.search.planning import planned_matches, words_asked
from fhirserver.search.rows import tested
from fhirserver.search.sql import LOOKED_UP, Sql, join, rows_of
from fhirserver.search.weights import holds_any, weight

# Keeps PostgreSQL from joining with all that a key holds.
BY_KEY = " LIMIT 1 OFFSET 0"


class Compiler:
    """Statements for one partition. Every alias has the columns `rank` and `rid`."""

    def __init__(self, partition: Partition) -> None:
        self.partition = partition
        self.number = partition.number
        self._aliases = 0
        self._parts: list[Sql] = []
        self._named: dict[tuple[Posting, tuple[Node, ...]], str] = {}

    def whole(self, statement: Sql) -> Sql:
        """The statement led by what it refers to: chains are named parts, because SQLite's parser bears little nesting."""
        parts, self._parts, self._named = self._parts, [], {}
        # Some parts refer to themselves.
        return (
            join("", [Sql("WITH RECURSIVE "), join(", ", parts), Sql(" "), statement]) if parts else statement
        )

    def matches(self, resource_type: str, asked: Matches) -> Sql:
        """`FROM … m WHERE …`: what matches on the type, each once."""
        return self.found(resource_type, planned_matches(self.partition, asked))

    def found(self, resource_type: str, asked: Matches) -> Sql:
        """The same for what is planned."""
        match asked:
            case Within(node):
                return self._matching(contained_of_type(resource_type), conjuncts(node))
            case Holders(node, own):
                beside = None if own is None else self.found(resource_type, own)
                return holders_of(self.partition, self.found(resource_type, Within(node)), beside)
        return self._matching(of_type(resource_type), conjuncts(asked))

    def conditions(self, resource_type: str, node: Node) -> Sql:
        """What rows of `m` must fulfil to be among them; the condition is planned."""
        nodes = [of_type(resource_type), *conjuncts(node)]
        return join(" AND ", [self.condition(one, "m") for one in nodes])

    def _matching(self, kind: Posting, nodes: list[Node]) -> Sql:
        driver = min([*nodes, kind], key=weight)
        rest = [one for one in nodes if one is not driver]
        if isinstance(driver, (Rids, MemberOf, ReferredBy, FullText)) or holds_any(driver):
            rest.append(kind)
        start = self.driver(driver, kind.within)
        conditions = [self.condition(one, "m") for one in rest]
        return join(" AND ", [start, *conditions])

    def source(self, resource_type: str, node: Node) -> Sql:
        """`SELECT rid` of what matches."""
        found = self.matches(resource_type, node)
        return self.whole(Sql(f"SELECT m.rid {found.text}", found.values))

    # -- what drives -----------------------------------------------------------------------------------------

    def driver(self, node: Node, within: bool) -> Sql:
        """`FROM … m WHERE …`: what fulfils this condition alone; `within`: of contained resources."""
        match node:
            case Posting(keys=(key,)):
                return Sql("FROM fhir_posting m WHERE m.partition = %s AND m.key = %s", (self.number, key))
            case Target(param, (target,)):
                text = "FROM fhir_reference m WHERE m.partition = %s AND m.param = %s AND m.target = %s"
                return Sql(text, (self.number, param, target))
            case Rids(rids):
                among, value = one_of(self.partition.region, rids)
                return Sql(
                    f"FROM fhir_resource m WHERE m.partition = %s AND m.rid {among}", (self.number, value)
                )
        rows = self._rows(node, within)
        return Sql(f"FROM (SELECT DISTINCT rank, rid FROM ({rows.text}) u) m WHERE 1 = 1", rows.values)

    def _rows(self, node: Node, within: bool) -> Sql:
        """`SELECT rank, rid` of what matches, perhaps several times."""
        if isinstance(node, Or):
            return join(" UNION ALL ", [self._rows(one, within) for one in node.nodes])
        if isinstance(node, (Posting, Target, Text, Stretch, Span, Amount, Pair)):
            table, test = tested(self.partition.region, node, "x")
            text = f"SELECT x.rank, x.rid FROM {table} x WHERE x.partition = %s AND {test.text}"
            return Sql(text, (self.number, *test.values))
        rids = self._rids(node)
        text = ranked(self.partition, rids.text, within)
        return Sql(f"SELECT f.rank, f.rid {text}", (*rids.values, self.number))

    def _looked_up(self, source: str, table: str, columns: str, tests: str) -> str:
        tests = f"f.partition = %s AND {tests}"
        return looked_up(self.partition.region, source, table, columns, tests)

    def _rids(self, node: Node) -> Sql:
        match node:
            case Chain(param, And((Posting() as kind, *rest))):
                return self._referring(param, self._inner(kind, rest), "target", "rid")
            case ReferredBy(param, And((Posting() as kind, *rest))):
                return self._referring(param, self._inner(kind, rest), "rid", "target")
            case InHierarchy(param):
                return self._referring(param, self._hierarchy(node), "target", "rid")
            case MemberOf(param, rid):
                text = "SELECT f.target AS rid FROM fhir_reference f WHERE f.partition = %s AND f.rid = %s AND f.param = %s"
                return Sql(text, (self.number, rid, param))
            case FullText(_, column):
                if is_postgresql(self.partition.region):
                    text = f"SELECT t.rid FROM fhir_text_by_{column}(%s::tsquery) t WHERE t.partition = %s"
                else:
                    text = (
                        "SELECT t.rid FROM fhir_text_words CROSS JOIN fhir_text t"
                        " WHERE fhir_text_words MATCH %s AND t.document = fhir_text_words.rowid AND t.partition = %s"
                    )
                return Sql(text, (words_asked(self.partition, node), self.number))
        raise TypeError(f"no source for {type(node).__name__}")

    def _says(self, node: FullText, at: str) -> Sql:
        if is_postgresql(self.partition.region):
            tests = (
                f"fhir_text t WHERE t.partition = %s AND t.rid = {at}.rid AND t.{node.column} @@ %s::tsquery"
            )
        else:
            tests = (
                "fhir_text t CROSS JOIN fhir_text_words"
                f" WHERE t.partition = %s AND t.rid = {at}.rid AND fhir_text_words.rowid = t.document"
                " AND fhir_text_words MATCH %s"
            )
        return Sql(
            f"EXISTS (SELECT 1 FROM {tests}{BY_KEY})", (self.number, words_asked(self.partition, node))
        )

    def _referring(self, param: int, inner: str, known: str, wanted: str) -> Sql:
        """The other ends of the references of which one end is among the rids of `inner`."""
        tests = f"f.param = %s AND f.{known} = {inner}.rid"
        text = self._looked_up(inner, "fhir_reference", wanted, tests)
        return Sql(f"SELECT DISTINCT f.{wanted} AS rid {text}", (self.number, param))

    def part(self, letter: str, made: Sql) -> str:
        """The name of a part that refers to itself as `{name}`."""
        self._aliases += 1
        name = f"{letter}{self._aliases}"
        self._parts.append(Sql(name + made.text.replace("{name}", name), made.values))
        return name

    def _hierarchy(self, node: InHierarchy) -> str:
        """The name of a part that gives the rids of a resource and of all below it, or above it."""
        known, wanted = ("rid", "target") if node.up else ("target", "rid")
        confined = self.condition(node.confined, "r")
        text = (
            "(rid) AS (SELECT CAST(%s AS bigint) UNION SELECT r.rid FROM {name} h"
            f" CROSS JOIN fhir_reference f CROSS JOIN fhir_resource r WHERE f.partition = %s AND f.param = %s"
            f" AND f.{known} = h.rid AND r.partition = %s AND r.rid = f.{wanted} AND {confined.text})"
        )
        values = (node.rid, self.number, node.parent, self.number, *confined.values)
        return self.part("h", Sql(text, values))

    def _inner(self, kind: Posting, rest: list[Node]) -> str:
        """The name of a part that gives the rids of what matches; the same part serves all who ask the same."""
        asked = (kind, tuple(rest))
        name = self._named.get(asked)
        if name is None:
            found = self._matching(kind, conjuncts(And(tuple(rest))))
            name = self._named[asked] = f"c{len(self._parts) + 1}"
            self._parts.append(Sql(f"{name} AS (SELECT m.rid {found.text})", found.values))
        return name

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
            case Updated():
                return self._updated(node, at)
            case HasRow(table, param):
                rows = rows_of(self.partition.region, table, at)
                return Sql(
                    f"EXISTS (SELECT 1 FROM {rows} h WHERE h.param = %s{BY_KEY})", (self.number, param)
                )
            case FullText():
                return self._says(node, at)
            case Near():
                return self._near(node, at)
            case Posting() | Target() | Text() | Stretch() | Span() | Amount() | Pair():
                return self._probe(node, at)
        # IS TRUE: a set to look into, not a join.
        found = self._rids(node)
        return Sql(f"({at}.rid IN ({found.text})) IS TRUE", found.values)

    def _updated(self, node: Updated, at: str) -> Sql:
        test = changed("r.updated", node.prefix, node.low, node.high)
        rid, values = f"{at}.rid", tuple[int, ...]()
        if node.held:
            rid = (
                f"(SELECT o.target FROM fhir_reference o WHERE o.partition = %s AND o.rid = {at}.rid"
                f" AND o.param = {HELD_BY:d})"
            )
            values = (self.number,)
        text = f"EXISTS (SELECT 1 FROM fhir_resource r WHERE r.partition = %s AND r.rid = {rid} AND {test.text}{BY_KEY})"
        return Sql(text, (self.number, *values, *test.values))

    def _near(self, node: Near, at: str) -> Sql:
        rows = rows_of(self.partition.region, "fhir_quantity", at)
        one = f"(SELECT h.low FROM {rows} h WHERE h.param = %s{BY_KEY}) * %s"
        parts = [
            Sql(one, (self.number, param, place))
            for param, place in zip(node.params, node.point, strict=True)
        ]
        product = join(" + ", parts)
        return Sql(f"({product.text} >= %s) IS TRUE", (*product.values, node.cosine))

    def _all(self, nodes: tuple[Node, ...], word: str, empty: str, at: str) -> Sql:
        if not nodes:
            return Sql(empty)
        made = join(word, [self.condition(one, at) for one in nodes])
        return Sql(f"({made.text})", made.values)

    def _probe(self, node: Node, at: str) -> Sql:
        self._aliases += 1
        alias = f"p{self._aliases}"
        table, test = tested(self.partition.region, node, alias)
        if table in LOOKED_UP:
            rows = rows_of(self.partition.region, table, at)
            text = f"EXISTS (SELECT 1 FROM {rows} {alias} WHERE {test.text}{BY_KEY})"
            return Sql(text, (self.number, *test.values))
        rank = f" AND {alias}.rank = {at}.rank" if isinstance(node, (Posting, Target)) else ""
        text = (
            f"EXISTS (SELECT 1 FROM {table} {alias} WHERE {alias}.partition = %s AND {test.text}"
            f" AND {alias}.rid = {at}.rid{rank}{BY_KEY})"
        )
        return Sql(text, (self.number, *test.values))
