"""One page of a search: the rows behind a place in the order, or before it. Nothing is counted off, so pages stay in place while data
changes."""

from typing import Any, NamedTuple

from fhirserver.connection import fetch, looked_up
from fhirserver.outcomes import BadRequest
from fhirserver.partitions import Partition
from fhirserver.prepared import Row
from fhirserver.search.ast import Node
from fhirserver.search.compile import Compiler
from fhirserver.search.planning import planned
from fhirserver.search.sort import Key
from fhirserver.search.sql import Sql, join
from fhirserver.search.walk import walk

_CONTENT = "f.type, f.logical_id, f.content"


class Place(NamedTuple):
    """Beside the row with these sort values, rank and rid; no values: at the start."""

    values: tuple[Any, ...] = ()
    backwards: bool = False

    @classmethod
    def read(cls, packed: list[Any], keys: list[Key]) -> "Place":
        """Raises BadRequest for a place in another order."""
        if len(packed) != len(keys) + 3:
            raise BadRequest(
                "_cursor is not one that this server gives now. Search again from the first page."
            )
        return cls(tuple(packed[1:]), bool(packed[0]))

    def packed(self) -> list[Any]:
        return [self.backwards, *self.values]


class Page(NamedTuple):
    """Rows of (sort values…, rank, rid, type, id, content) in order, and the places of the pages beside it."""

    rows: list[Row]
    previous: Place | None
    following: Place | None


def page_at(
    partition: Partition, per_type: dict[str, Node], keys: list[Key], place: Place, count: int
) -> Page:
    """At most `count` rows."""
    rows = _rows(partition, per_type, keys, place, count + 1)
    more, rows = len(rows) > count, rows[:count]
    if place.backwards:
        rows.reverse()
    if not rows:
        return Page([], None, None)
    columns = len(keys) + 2
    previous, following = Place(rows[0][:columns], True), Place(rows[-1][:columns])
    if place.backwards:
        return Page(rows, previous if more else None, following)
    return Page(rows, previous if place.values else None, following if more else None)


def _rows(
    partition: Partition, per_type: dict[str, Node], keys: list[Key], place: Place, limit: int
) -> list[Row]:
    """The first rows in the direction of the place."""
    # Newest first, unless something else is asked for; equals in the direction of the last key, as indexes lie.
    ways = [key.descending for key in keys] or [True]
    falling = [one != place.backwards for one in (*ways[: len(keys)], ways[-1], ways[-1])]
    compiler = Compiler(partition)
    rows: list[Row] = []
    for resource_type, node in per_type.items():
        node = planned(partition, node)
        walked = (
            _walked(compiler, resource_type, node, keys, falling, place, limit) if len(per_type) == 1 else []
        )
        if walked:
            return walked
        found = compiler.found(resource_type, node)
        statement = _statement(compiler, found, keys, falling, place, limit)
        rows += fetch(partition.region, statement.text, statement.values)
    if len(per_type) > 1:
        # Stable sorts from the last key to the first.
        for index in range(len(falling) - 1, -1, -1):
            rows.sort(key=lambda row: row[index], reverse=falling[index])
    return rows[:limit]


def _walked(
    compiler: Compiler,
    resource_type: str,
    node: Node,
    keys: list[Key],
    falling: list[bool],
    place: Place,
    limit: int,
) -> list[Row]:
    """The rows along the index of the first key; none if it has no index, or if they are not all there within a stretch."""
    if not keys:
        return []
    start = place.values[0] if place.values else None
    found = walk(compiler, resource_type, node, keys[0], start, backwards=place.backwards)
    if found is None or keys[0].along is None:
        return []
    along = keys[0]._replace(expression=Sql(f"m.{keys[0].along.column}"))
    statement = _statement(compiler, found, [along, *keys[1:]], falling, place, limit)
    rows = fetch(compiler.partition.region, statement.text, statement.values)
    return rows if len(rows) >= limit else []


def _statement(
    compiler: Compiler, found: Sql, keys: list[Key], falling: list[bool], place: Place, limit: int
) -> Sql:
    names = [*(f"k{number}" for number in range(len(keys))), "rank", "rid"]
    ways = ["DESC" if one else "ASC" for one in falling]

    def order(alias: str) -> str:
        listed = ", ".join(f"{alias}.{name} {way}" for name, way in zip(names, ways, strict=True))
        return f" ORDER BY {listed}"

    extra = [
        Sql(f", {key.expression.text} AS {name}", key.expression.values)
        for key, name in zip(keys, names, strict=False)
    ]
    start = join("", [Sql("SELECT m.rank, m.rid"), *extra, Sql(" "), found])
    if not keys:
        behind = "<" if falling[0] else ">"
        after = Sql(f" AND (m.rank, m.rid) {behind} (%s, %s)", place.values) if place.values else Sql("")
        inner = join("", [start, after, Sql(f"{order('m')} LIMIT {limit:d}")])
    else:
        after = _after(names, falling, place.values) if place.values else Sql("")
        inner = join(
            "", [Sql("SELECT * FROM ("), start, Sql(") s"), after, Sql(f"{order('s')} LIMIT {limit:d}")]
        )
    contents = looked_up(
        compiler.partition.region,
        f"({inner.text}) q",
        "fhir_resource",
        "type, logical_id, content",
        "f.partition = %s AND f.rid = q.rid",
    )
    columns = ", ".join(f"q.{name}" for name in names)
    text = f"SELECT {columns}, {_CONTENT} {contents}{order('q')}"
    return compiler.whole(Sql(text, (*inner.values, compiler.number)))


def _after(names: list[str], falling: list[bool], values: tuple[Any, ...]) -> Sql:
    """Behind a place in an order with different directions."""
    steps = []
    for end, name in enumerate(names):
        same = [Sql(f"s.{one} = %s", (values[at],)) for at, one in enumerate(names[:end])]
        beyond = Sql(f"s.{name} {'<' if falling[end] else '>'} %s", (values[end],))
        made = join(" AND ", [*same, beyond])
        steps.append(Sql(f"({made.text})", made.values))
    made = join(" OR ", steps)
    return Sql(f" WHERE ({made.text})", made.values)
