"""One page of a search: the rows behind a place in the order, or before it. Nothing is counted off, so pages stay in place while data
changes."""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

from fhirserver.connection import fetch, looked_up
from fhirserver.outcomes import BadRequest
from fhirserver.partitions import Partition
from fhirserver.prepared import Row
from fhirserver.search.ast import And, Holders, Matches, Node, Within
from fhirserver.search.chained import walk_tested
from fhirserver.search.compile import Compiler
from fhirserver.search.holders import with_holder
from fhirserver.search.merged import merged
from fhirserver.search.planning import planned_matches
from fhirserver.search.sort import Key
from fhirserver.search.sql import Sql, join
from fhirserver.search.walk import are_many, walk

_CONTENT = "f.type, f.logical_id, f.content"
Source = tuple[str, Matches]
"""A type, and what is asked of it."""


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
    partition: Partition, sources: Sequence[Source], keys: list[Key], place: Place, count: int
) -> Page:
    """At most `count` rows."""
    rows = _rows(partition, sources, keys, place, count + 1)
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


class _Wanted(NamedTuple):
    """The first `limit` rows of matches behind a place, in these orders; `falling` has a way for each key, rank and rid."""

    compiler: Compiler
    resource_type: str
    matches: Matches
    keys: list[Key]
    falling: list[bool]
    place: Place
    limit: int


def _rows(
    partition: Partition, sources: Sequence[Source], keys: list[Key], place: Place, limit: int
) -> list[Row]:
    """The first rows in the direction of the place."""
    # Newest first, unless something else is asked for; equals in the direction of the last key, as indexes lie.
    ways = [key.descending for key in keys] or [True]
    falling = [one != place.backwards for one in (*ways[: len(keys)], ways[-1], ways[-1])]
    compiler = Compiler(partition)
    rows: list[Row] = []
    for resource_type, source in sources:
        matches = planned_matches(partition, source)
        wanted = _Wanted(compiler, resource_type, matches, keys, falling, place, limit)
        rows += _in_order(wanted) if len(sources) == 1 else _sorted(wanted)
    if len(sources) > 1:
        # Stable sorts from the last key to the first.
        for index in range(len(falling) - 1, -1, -1):
            rows.sort(key=lambda row: row[index], reverse=falling[index])
    return rows[:limit]


def _in_order(wanted: _Wanted) -> list[Row]:
    if isinstance(wanted.matches, (Within, Holders)):
        return _sorted(wanted)
    node = wanted.matches
    rows = _listed(wanted, node) or _walked(wanted, node)
    if rows:
        return rows
    tested = _tested(wanted, node)
    return _sorted(wanted) if tested is None else tested


def _listed(wanted: _Wanted, node: Node) -> list[Row]:
    """Value by value of the first key: the matches that have it, in the order of the other keys. None where a key has not only few values, or where
    sorting is better."""
    keys, place = wanted.keys, wanted.place
    values = keys[0].values if keys else ()
    starts = [number for number, (value, _) in enumerate(values) if value in place.values[:1]]
    if (
        not values
        or (place.values and not starts)
        or not are_many(wanted.compiler, wanted.resource_type, node)
    ):
        return []
    rows: list[Row] = []
    ahead = range(len(values))[::-1] if place.backwards else range(len(values))
    for number in itertools.dropwhile(lambda one: starts and one not in starts, ahead):
        value, own = values[number]
        among = wanted._replace(
            matches=And((node, own)),
            keys=keys[1:],
            falling=wanted.falling[1:],
            place=place._replace(values=place.values[1:] if number in starts else ()),
            limit=wanted.limit - len(rows),
        )
        rows += [(value, *row) for row in _in_order(among)]
        if len(rows) == wanted.limit:
            break
    return rows


def _walked(wanted: _Wanted, node: Node) -> list[Row]:
    """The rows along the index of the first key; none if it has no index, or if they are not all there within a stretch."""
    compiler, resource_type, _, keys, falling, place, limit = wanted
    if not keys or (place.backwards and not place.values):
        # What has no value comes last, and is in no index.
        return []
    start = place.values[0] if place.values else None
    found = walk(compiler, resource_type, node, keys[0], start, backwards=place.backwards)
    if found is None or keys[0].along is None:
        return []
    along = keys[0]._replace(expression=Sql(f"m.{keys[0].along.column}"))
    keys = [along, *keys[1:]]
    statement = _read(compiler, _found(found, keys, falling, place, limit), keys, falling, within=False)
    rows = fetch(compiler.partition.region, statement.text, statement.values)
    return rows if len(rows) >= limit else []


def _tested(wanted: _Wanted, node: Node) -> list[Row] | None:
    """The rows in the order of postings, tested one by one; None where that is not asked for, or if they are not all there within a stretch."""
    compiler, resource_type, _, keys, falling, place, limit = wanted
    if keys:
        return None
    order = _order("m", _names(keys), falling)
    tested = walk_tested(compiler, resource_type, node, _behind(falling, place), order, limit)
    if tested is None:
        return None
    statement = _read(
        compiler, _found(tested.matches, keys, falling, Place(), limit), keys, falling, within=False
    )
    rows = fetch(compiler.partition.region, statement.text, statement.values)
    return rows if tested.is_whole or len(rows) >= limit else None


def _sorted(wanted: _Wanted) -> list[Row]:
    compiler, resource_type, matches, keys, falling, place, limit = wanted
    found = _merged(wanted)
    if found is None:
        found = _found(compiler.found(resource_type, matches), keys, falling, place, limit)
    statement = _read(compiler, found, keys, falling, within=isinstance(matches, Within))
    return fetch(compiler.partition.region, statement.text, statement.values)


def _merged(wanted: _Wanted) -> Sql | None:
    """The rank and rid of the page's rows where they are asked for in the order of postings, and a text leads."""
    compiler, resource_type, matches, keys, falling, place, limit = wanted
    if keys or isinstance(matches, (Within, Holders)):
        return None
    order = _order("{0}", _names(keys), falling)
    return merged(compiler, resource_type, matches, _behind(falling, place), order, limit)


def _behind(falling: list[bool], place: Place) -> Sql:
    """ " AND …": behind the place in the order of postings."""
    if not place.values:
        return Sql("")
    return Sql(f" AND (m.rank, m.rid) {'<' if falling[0] else '>'} (%s, %s)", place.values)


def _names(keys: list[Key]) -> list[str]:
    return [*(f"k{number}" for number in range(len(keys))), "rank", "rid"]


def _order(alias: str, names: list[str], falling: list[bool]) -> str:
    ways = ["DESC" if one else "ASC" for one in falling]
    listed = ", ".join(f"{alias}.{name} {way}" for name, way in zip(names, ways, strict=True))
    return f" ORDER BY {listed}"


def _found(matches: Sql, keys: list[Key], falling: list[bool], place: Place, limit: int) -> Sql:
    """The sort values, rank and rid of the page's rows."""
    names = _names(keys)
    extra = [
        Sql(f", {key.expression.text} AS {name}", key.expression.values)
        for key, name in zip(keys, names, strict=False)
    ]
    start = join("", [Sql("SELECT m.rank, m.rid"), *extra, Sql(" "), matches])
    if not keys:
        return join(
            "", [start, _behind(falling, place), Sql(f"{_order('m', names, falling)} LIMIT {limit:d}")]
        )
    after = _after(names, falling, place.values) if place.values else Sql("")
    end = Sql(f"{_order('s', names, falling)} LIMIT {limit:d}")
    return join("", [Sql("SELECT * FROM ("), start, Sql(") s"), after, end])


def _read(compiler: Compiler, found: Sql, keys: list[Key], falling: list[bool], *, within: bool) -> Sql:
    """The rows in full; those of contained resources bring type, id and content of what holds them."""
    names = _names(keys)
    source = with_holder(compiler.partition, found) if within else Sql(f"({found.text})", found.values)
    tests = f"f.partition = %s AND f.rid = q.{'holder' if within else 'rid'}"
    contents = looked_up(
        compiler.partition.region,
        f"{source.text} q",
        "fhir_resource",
        "type, logical_id, content",
        tests,
    )
    columns = ", ".join(f"q.{name}" for name in names)
    text = f"SELECT {columns}, {_CONTENT} {contents}{_order('q', names, falling)}"
    return compiler.whole(Sql(text, (*source.values, compiler.number)))


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
