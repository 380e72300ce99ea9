"""A page of what begins with a text, merged from ordered walks: one along each value, where a sort of all that match would grow with the store.

The rows of one value lie in the order of the page, and names are few beside the people who bear them. SQLite has no LATERAL: there the matches
are sorted.
"""

from fhirserver.connection import is_postgresql
from fhirserver.search.ast import Node, Or, Text, conjuncts, of_type
from fhirserver.search.compile import Compiler
from fhirserver.search.rows import LAST_CHARACTER
from fhirserver.search.sql import Sql, join
from fhirserver.search.weights import weight

MANY_VALUES = 200
"""What lies behind so many different values is read as it is, and sorted."""
MAX_TEXTS = 20


def merged(
    compiler: Compiler, resource_type: str, node: Node, after: Sql, order: str, limit: int
) -> Sql | None:
    """`SELECT rank, rid` of the first `limit` matches, each once; `after` is a test of `m`, `order` an ORDER BY of `{0}`. None where another
    condition leads better than a text."""
    if not is_postgresql(compiler.partition.region):
        return None
    nodes = conjuncts(node)
    driver = min([*nodes, of_type(resource_type)], key=weight)
    texts = _beginnings(driver)
    if not texts:
        return None
    rest = [compiler.condition(one, "m") for one in nodes if one is not driver]
    tests = join("", [after, *(Sql(f" AND {one.text}", one.values) for one in rest)])
    walks = [walk for text in texts for walk in _walks(compiler, text, tests, order.format("m"), limit)]
    found = join(" UNION ALL ", walks)
    distinct = f"SELECT DISTINCT rank, rid FROM ({found.text}) u"
    return Sql(f"SELECT d.rank, d.rid FROM ({distinct}) d{order.format('d')} LIMIT {limit:d}", found.values)


def _beginnings(driver: Node) -> list[Text]:
    nodes = driver.nodes if isinstance(driver, Or) else (driver,)
    texts = [one for one in nodes if isinstance(one, Text) and not one.contains and not one.ends]
    return texts if len(texts) == len(nodes) <= MAX_TEXTS else []


def _walks(compiler: Compiler, text: Text, tests: Sql, order: str, limit: int) -> list[Sql]:
    rows = "m.rank, m.rid FROM fhir_string m WHERE m.partition = %s AND m.param = %s AND m.value"
    own, end = (compiler.number, text.param), f"{order} LIMIT {limit:d}"
    if text.exact:
        return [Sql(f"(SELECT {rows} = %s{tests.text}{end})", (*own, text.text, *tests.values))]
    values = compiler.part("v", _values(compiler.number, text))
    along = Sql(
        f"SELECT w.rank, w.rid FROM {values} v, LATERAL (SELECT {rows} = v.value{tests.text}{end}) w",
        (*own, *tests.values),
    )
    # Of these a resource may have several.
    behind = Sql(
        f"(SELECT DISTINCT {rows} > (SELECT v.value FROM {values} v WHERE v.number = {MANY_VALUES}) AND m.value < %s{tests.text}{end})",
        (*own, text.text + LAST_CHARACTER, *tests.values),
    )
    return [along, behind]


def _values(partition: int, text: Text) -> Sql:
    """The columns and rows of a part that lists the different values one after the other, a NULL behind the last."""
    following = (
        "SELECT x.value FROM fhir_string x WHERE x.partition = %s AND x.param = %s AND x.value {0} AND x.value < %s"
        " ORDER BY x.value LIMIT 1"
    )
    own, end = (partition, text.param), text.text + LAST_CHARACTER
    first, next_one = following.format(">= %s"), following.format("> {name}.value")
    return Sql(
        f"(value, number) AS (SELECT ({first}), 1 UNION ALL SELECT ({next_one}), {{name}}.number + 1 FROM {{name}}"
        f" WHERE {{name}}.value IS NOT NULL AND {{name}}.number < {MANY_VALUES})",
        (*own, text.text, end, *own, end),
    )
