"""A page of what begins with a text, or holds it, merged from ordered walks: one along each value, where a sort of all that match would grow with
the store.

The rows of one value lie in the order of the page, and names are few beside the people who bear them.
"""

from fhirserver.connection import fetch, is_postgresql
from fhirserver.search.ast import Node, Or, Text, conjuncts, of_type
from fhirserver.search.compile import Compiler
from fhirserver.search.rows import LAST_CHARACTER, held
from fhirserver.search.sql import Sql, join
from fhirserver.search.weights import weight

MANY_VALUES = 200
"""What lies behind so many different values is read as it is, and sorted; on SQLite, which sorts sooner, behind a third of them."""
MANY_LOOKED_AT = 1_200
"""The same where each value has to be looked at."""
FEW_ROWS = 5_000
"""So many rows are looked at as quickly as the different values among them."""
MAX_TEXTS = 20


def merged(
    compiler: Compiler, resource_type: str, node: Node, after: Sql, order: str, limit: int
) -> Sql | None:
    """`SELECT rank, rid` of the first `limit` matches, each once; `after` is a test of `m`, `order` an ORDER BY of `{0}`. None where another
    condition leads better than a text."""
    nodes = conjuncts(node)
    driver = min([*nodes, of_type(resource_type)], key=weight)
    texts = _texts(driver)
    if not texts or (
        any(one.contains for one in texts) and not any(_are_many(compiler, one) for one in texts)
    ):
        return None
    rest = [compiler.condition(one, "m") for one in nodes if one is not driver]
    tests = join("", [after, *(Sql(f" AND {one.text}", one.values) for one in rest)])
    walks = [walk for text in texts for walk in _walks(compiler, text, tests, order.format("m"), limit)]
    found = join(" UNION ALL ", walks)
    distinct = f"SELECT DISTINCT rank, rid FROM ({found.text}) u"
    return Sql(f"SELECT d.rank, d.rid FROM ({distinct}) d{order.format('d')} LIMIT {limit:d}", found.values)


def _texts(driver: Node) -> list[Text]:
    nodes = driver.nodes if isinstance(driver, Or) else (driver,)
    texts = [one for one in nodes if isinstance(one, Text) and not one.ends]
    return texts if len(texts) == len(nodes) <= MAX_TEXTS else []


def _are_many(compiler: Compiler, text: Text) -> bool:
    statement = (
        f"SELECT 1 FROM fhir_string m WHERE m.partition = %s AND m.param = %s LIMIT 1 OFFSET {FEW_ROWS}"
    )
    return bool(fetch(compiler.partition.region, statement, (compiler.number, text.param)))


def _walks(compiler: Compiler, text: Text, tests: Sql, order: str, limit: int) -> list[Sql]:
    rows = "m.rank, m.rid FROM fhir_string m WHERE m.partition = %s AND m.param = %s AND m.value"
    own, end = (compiler.number, text.param), f"{order} LIMIT {limit:d}"
    if text.exact:
        return [
            Sql(f"SELECT * FROM (SELECT {rows} = %s{tests.text}{end}) e", (*own, text.text, *tests.values))
        ]
    postgresql = is_postgresql(compiler.partition.region)
    few = MANY_VALUES if postgresql else max(1, MANY_VALUES // 3)
    start, many = ("", MANY_LOOKED_AT) if text.contains else (text.text, few)
    stop = start + LAST_CHARACTER
    values = compiler.part("v", _values(own, start, stop, many))
    of_value = Sql(f"SELECT {rows} = v.value{tests.text}{end}", (*own, *tests.values))
    along = _along(postgresql, values, of_value)
    # Of these a resource may have several.
    behind = (
        f"SELECT DISTINCT {rows} > (SELECT v.value FROM {values} v WHERE v.number = {many}) AND m.value < %s"
    )
    if not text.contains:
        return [along, Sql(f"SELECT * FROM ({behind}{tests.text}{end}) b", (*own, stop, *tests.values))]
    wanted, there = held("v.value", text.text), held("m.value", text.text)
    return [
        Sql(f"{along.text} AND {wanted.text}", (*along.values, *wanted.values)),
        Sql(
            f"SELECT * FROM ({behind} AND {there.text}{tests.text}{end}) b",
            (*own, stop, *there.values, *tests.values),
        ),
    ]


def _along(postgresql: bool, values: str, of_value: Sql) -> Sql:
    """`… WHERE …`: the first rows of each value `v`. SQLite has no LATERAL, but a list in JSON may differ with each value."""
    if postgresql:
        text = f"SELECT w.rank, w.rid FROM {values} v, LATERAL ({of_value.text}) w WHERE v.value IS NOT NULL"
        return Sql(text, of_value.values)
    listed = f"SELECT json_group_array(json_array(q.rank, q.rid)) FROM ({of_value.text}) q"
    text = (
        "SELECT json_extract(w.value, '$[0]') AS rank, json_extract(w.value, '$[1]') AS rid"
        f" FROM {values} v CROSS JOIN json_each(({listed})) w WHERE v.value IS NOT NULL"
    )
    return Sql(text, of_value.values)


def _values(own: tuple[int, int], start: str, stop: str, many: int) -> Sql:
    """The columns and rows of a part that lists the different values one after the other, a NULL behind the last."""
    following = (
        "SELECT x.value FROM fhir_string x WHERE x.partition = %s AND x.param = %s AND x.value {0} AND x.value < %s"
        " ORDER BY x.value LIMIT 1"
    )
    first, next_one = following.format(">= %s"), following.format("> {name}.value")
    return Sql(
        f"(value, number) AS MATERIALIZED (SELECT ({first}), 1 UNION ALL SELECT ({next_one}), {{name}}.number + 1 FROM {{name}}"
        f" WHERE {{name}}.value IS NOT NULL AND {{name}}.number < {many})",
        (*own, start, stop, *own, stop),
    )
