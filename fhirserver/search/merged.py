"""A page of what begins with a text, or holds it, merged from ordered walks: one along each value, where a sort of all that match would grow with
the store.

The rows of one value lie in the order of the page, and names are few beside the people who bear them.
"""

from functools import lru_cache

from fhirserver.connection import fetch, is_postgresql
from fhirserver.indexing.params.string import MARK
from fhirserver.search.ast import Node, Or, Text, conjuncts, of_type
from fhirserver.search.compile import Compiler
from fhirserver.search.rows import LAST_CHARACTER, holding
from fhirserver.search.sql import Sql, join
from fhirserver.search.weights import weight

MANY_VALUES = 200
"""What lies behind so many different values is read as it is, and sorted; on SQLite, which sorts sooner, behind a third of them."""
MANY_LOOKED_AT = 1_200
"""The same where each value has to be looked at."""
FEW_ROWS = 5_000
"""So many rows are looked at as quickly as the different values among them."""
MAX_TEXTS = 20

_HELD = "{0}.value LIKE v.held ESCAPE '!'"


def merged(
    compiler: Compiler, resource_type: str, node: Node, after: Sql, order: str, limit: int
) -> Sql | None:
    """`SELECT rank, rid` of the first `limit` matches, each once; `after` is a test of `m`, `order` an ORDER BY of `{0}`. None where another
    condition leads better than a text."""
    nodes = conjuncts(node)
    driver = min([*nodes, of_type(resource_type)], key=weight)
    texts = _texts(driver)
    if not texts or (any(one.contains for one in texts) and not _are_many(compiler, texts)):
        return None
    rest = [compiler.condition(one, "m") for one in nodes if one is not driver]
    tests = join("", [after, *(Sql(f" AND {one.text}", one.values) for one in rest)])
    found = _walks(compiler, texts, tests, f"{order.format('m')} LIMIT {limit:d}")
    # In one step: duplicates lie side by side once it is sorted, and PostgreSQL stops when the page is full.
    text = f"SELECT DISTINCT d.rank, d.rid FROM ({found.text}) d{order.format('d')} LIMIT {limit:d}"
    return Sql(text, found.values)


def _texts(driver: Node) -> list[Text]:
    nodes = driver.nodes if isinstance(driver, Or) else (driver,)
    texts = [one for one in nodes if isinstance(one, Text) and not one.ends]
    return texts if len(texts) == len(nodes) <= MAX_TEXTS else []


def _are_many(compiler: Compiler, texts: list[Text]) -> bool:
    params = sorted({param for one in texts for param in one.params})
    rows = f"SELECT 1 FROM fhir_string m WHERE m.partition = %s AND m.param = %s LIMIT 1 OFFSET {FEW_ROWS}"
    statement = f"SELECT 1 WHERE {' OR '.join([f'EXISTS ({rows})'] * len(params))}"
    values = [value for param in params for value in (compiler.number, param)]
    return bool(fetch(compiler.partition.region, statement, values))


def _walks(compiler: Compiler, texts: list[Text], tests: Sql, end: str) -> Sql:
    """`SELECT rank, rid` of the first rows of each value that a text asks for, and of those behind too many different ones."""
    postgresql = is_postgresql(compiler.partition.region)
    contains = any(one.contains for one in texts)
    few = MANY_VALUES if postgresql else max(1, MANY_VALUES // 3)
    many = MANY_LOOKED_AT if contains else few
    values = compiler.part("v", _values(compiler.number, texts, many))
    rows = "m.rank, m.rid FROM fhir_string m WHERE m.partition = %s AND m.param = v.param AND m.value"
    bound = (compiler.number, *tests.values)
    of_value = Sql(f"SELECT {rows} = v.value{tests.text}{end}", bound)
    # Of these a resource may have several.
    there = f" AND {_HELD.format('m')}" if contains else ""
    behind = Sql(f"SELECT DISTINCT {rows} > v.value AND m.value < v.stop{there}{tests.text}{end}", bound)
    along = _along(postgresql, values, of_value, f" AND {_HELD.format('v')}" if contains else "")
    return join(" UNION ALL ", [along, _along(postgresql, values, behind, f" AND v.number = {many}")])


def _along(postgresql: bool, values: str, rows: Sql, tests: str) -> Sql:
    """The rows that belong to each value `v`. SQLite has no LATERAL, but a list in JSON may differ with each value."""
    if postgresql:
        source, columns = f"LATERAL ({rows.text}) w", "w.rank, w.rid"
    else:
        source = f"json_each((SELECT json_group_array(json_array(q.rank, q.rid)) FROM ({rows.text}) q)) w"
        columns = "json_extract(w.value, '$[0]') AS rank, json_extract(w.value, '$[1]') AS rid"
    text = f"SELECT {columns} FROM {values} v CROSS JOIN {source} WHERE v.value IS NOT NULL{tests}"
    return Sql(text, rows.values)


def _values(partition: int, texts: list[Text], many: int) -> Sql:
    asked = [(param, *_asked(one)) for one in texts for param in one.params]
    return Sql(_listed(len(asked), many), (partition, *(value for one in asked for value in one), partition))


@lru_cache(maxsize=512)
def _listed(asked: int, many: int) -> str:
    """The columns and rows of a part that lists for each text of each parameter the different values that begin so (where it is to be held: all values), one after
    the other, a NULL behind the last; `stop` is where they end, `held` the pattern of what has to be in them."""
    following = (
        "SELECT x.value FROM fhir_string x WHERE x.partition = %s AND x.param = {0}.param AND x.value {1} AND x.value < {0}.stop"
        " ORDER BY x.value LIMIT 1"
    )
    first, next_one = following.format("a", ">= a.start"), following.format("{name}", "> {name}.value")
    columns = {"param": "integer", "start": "text", "stop": "text", "held": "text"}
    row = f"({', '.join(f'CAST(%s AS {kind})' for kind in columns.values())})"
    named = ", ".join(f"column{at} AS {name}" for at, name in enumerate(columns, 1))
    return (
        "(param, stop, held, value, number) AS MATERIALIZED ("
        f"SELECT a.param, a.stop, a.held, ({first}), 1 FROM (SELECT {named} FROM (VALUES {', '.join([row] * asked)}) c) a"
        f" UNION ALL SELECT {{name}}.param, {{name}}.stop, {{name}}.held, ({next_one}), {{name}}.number + 1"
        f" FROM {{name}} WHERE {{name}}.value IS NOT NULL AND {{name}}.number < {many})"
    )


def _asked(text: Text) -> tuple[str, str, str]:
    """Start, stop and pattern. No text that is kept lies between an exact one and its mark."""
    if text.contains:
        return "", LAST_CHARACTER, holding(text.text)
    return text.text, text.text + (MARK if text.exact else LAST_CHARACTER), "%"
