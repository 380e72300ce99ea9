"""A search from its request to one page of a Bundle. https://hl7.org/fhir/R4/search.html"""

from collections.abc import Callable
from typing import Any, NamedTuple

from fhirserver.access import AccessGrant
from fhirserver.bundles import Entry, SearchPieces
from fhirserver.connection import Row, fetch
from fhirserver.http import FhirRequest
from fhirserver.outcomes import BadRequest, Forbidden, Issue
from fhirserver.partitions import Partition
from fhirserver.rows import IndexRows
from fhirserver.search.ast import EVERYTHING, And, Node, Rids
from fhirserver.search.compile import Compiler, Sql, join
from fhirserver.search.criteria import UnknownParameter, condition
from fhirserver.search.evaluate import CannotTell, fulfils
from fhirserver.search.include import included
from fhirserver.search.paging import bound_query, links, read_cursor, write_cursor
from fhirserver.search.parse import ANSWER, CONTROLS, Controls, controls_of
from fhirserver.search.rewrite import allowed, in_compartment
from fhirserver.search.sort import Key, is_by_rank, keys_of
from fhirspec.catalogue import get_catalogue

Query = list[tuple[str, str]]
_CONTENT = "r.type, r.logical_id, r.content"


class Criteria(NamedTuple):
    """The condition of a query, the pairs that were understood, and what was not."""

    node: Node
    used: Query
    issues: list[Issue]


def search(request: FhirRequest, partition: Partition, grant: AccessGrant) -> SearchPieces:
    """One page with its links. Raises BadRequest, LimitExceeded, Forbidden."""
    controls = controls_of(request.query)
    types = _types(request, controls, grant)
    strict = "handling=strict" in request.header("prefer").replace(" ", "")
    per_type: dict[str, Node] = {}
    used, issues = request.query, []
    for resource_type in types:
        read = _criteria(resource_type, request.query, grant, strict)
        used, issues = read.used, read.issues
        per_type[resource_type] = And(
            (read.node, *_confined(request, resource_type), allowed(grant, resource_type, "s"))
        )
    return _answer(request, partition, grant, controls, per_type, used, issues)


def _types(request: FhirRequest, controls: Controls, grant: AccessGrant) -> list[str]:
    names = get_catalogue().resource_type_set
    if request.resource_type:
        return [request.resource_type]
    for name in controls.types:
        if name not in names:
            raise BadRequest(f"_type: {name} is not a resource type of FHIR R4.")
    found = grant.types("s", controls.types or sorted(names))
    if not found:
        raise Forbidden("This credential may not search any of these types.")
    return found


def _confined(request: FhirRequest, resource_type: str) -> tuple[Node, ...]:
    if not request.compartment_type:
        return ()
    return (in_compartment(request.compartment_type, request.logical_id, resource_type),)


def _criteria(resource_type: str, query: Query, grant: AccessGrant, strict: bool) -> Criteria:
    nodes: list[Node] = []
    used: Query = []
    issues: list[Issue] = []
    confine: Callable[[str], Node] = lambda name: allowed(grant, name, "s")  # noqa: E731
    for name, value in query:
        if name.partition(":")[0] in CONTROLS:
            used += [(name, value)] if name != "_cursor" else []
            continue
        if not value:
            continue
        try:
            nodes.append(condition(resource_type, name, value, confine))
            used.append((name, value))
        except UnknownParameter as error:
            if strict:
                raise
            issues.append(Issue("not-supported", f"Ignored: {error.diagnostics}", severity="warning"))
    return Criteria(And(tuple(nodes)), used, issues)


def _answer(
    request: FhirRequest,
    partition: Partition,
    grant: AccessGrant,
    controls: Controls,
    per_type: dict[str, Node],
    used: Query,
    issues: list[Issue],
) -> SearchPieces:
    path = request.path.strip("/")
    address = f"{request.base_url}/{path}".rstrip("/")
    if controls.count_only:
        own = links(address, used, "", "")[:1]
        return SearchPieces([], _total(partition, per_type), own, issues)
    bound = bound_query(used, path, partition.number)
    place = read_cursor(controls.cursor, bound) if controls.cursor else []
    only = next(iter(per_type)) if len(per_type) == 1 else ""
    by_rank = not controls.sort if not only else is_by_rank(only, controls.sort)
    keys = [] if by_rank else keys_of(only or "Patient", controls.sort, partition.number)
    if keys and not only and any(code not in ("_id", "_lastUpdated") for code, _ in controls.sort):
        raise BadRequest("_sort: a search over several types is sorted by _id or _lastUpdated only.")
    rows = _page(partition, per_type, keys, place, controls.count + 1)
    more = len(rows) > controls.count
    rows = rows[: controls.count]
    following = write_cursor(list(rows[-1][: len(keys) + 2]), bound) if more else ""
    start = len(keys) + 2
    entries = [Entry(row[start], row[start + 1], row[start + 2]) for row in rows]
    if controls.includes and rows:
        page = {row[len(keys) + 1]: row[start] for row in rows}
        entries += included(partition, grant, controls.includes, page)
    total = None
    if controls.total in ("accurate", "estimate"):
        total = _total(partition, per_type)
    elif not controls.total and not more and not place:
        total = len(rows)
    return SearchPieces(entries, total, links(address, used, controls.cursor, following), issues)


def _total(partition: Partition, per_type: dict[str, Node]) -> int:
    compiler = Compiler(partition)
    total = 0
    for resource_type, node in per_type.items():
        found = compiler.matches(resource_type, node)
        counted = compiler.whole(Sql(f"SELECT count(*) {found.text}", found.values))
        total += fetch(partition.region, counted.text, counted.values)[0][0]
    return total


def _page(
    partition: Partition, per_type: dict[str, Node], keys: list[Key], place: list[Any], limit: int
) -> list[Row]:
    """Rows of (sort values…, rank, rid, type, id, content) in order, after `place`."""
    compiler = Compiler(partition)
    rows: list[Row] = []
    for resource_type, node in per_type.items():
        statement = _statement(compiler, resource_type, node, keys, place, limit)
        rows += fetch(partition.region, statement.text, statement.values)
    if len(per_type) > 1:
        # Stable sorts from the last key to the first.
        for index in range(len(keys) + 1, -1, -1):
            rows.sort(key=lambda row: row[index], reverse=index >= len(keys) or keys[index].descending)
    return rows[:limit]


def _statement(
    compiler: Compiler, resource_type: str, node: Node, keys: list[Key], place: list[Any], limit: int
) -> Sql:
    found = compiler.matches(resource_type, node)
    names = [f"k{number}" for number in range(len(keys))]
    directions = ["DESC" if key.descending else "ASC" for key in keys]
    order = ", ".join(
        [
            *(f"q.{name} {way}" for name, way in zip(names, directions, strict=True)),
            "q.rank DESC",
            "q.rid DESC",
        ]
    )
    extra = [
        Sql(f", {key.expression.text} AS {name}", key.expression.values)
        for key, name in zip(keys, names, strict=True)
    ]
    start = join("", [Sql("SELECT m.rank, m.rid"), *extra, Sql(" "), found])
    if not keys:
        after = Sql(" AND (m.rank, m.rid) < (%s, %s)", tuple(place)) if place else Sql("")
        inner = join("", [start, after, Sql(f" ORDER BY m.rank DESC, m.rid DESC LIMIT {limit:d}")])
    else:
        after = _after([*names, "rank", "rid"], [*directions, "DESC", "DESC"], place) if place else Sql("")
        plain = order.replace("q.", "s.")
        inner = join(
            "", [Sql("SELECT * FROM ("), start, Sql(") s"), after, Sql(f" ORDER BY {plain} LIMIT {limit:d}")]
        )
    columns = ", ".join(f"q.{name}" for name in [*names, "rank", "rid"])
    made = join(
        "",
        [
            Sql(f"SELECT {columns}, {_CONTENT} FROM ("),
            inner,
            Sql(
                f") q JOIN fhir_resource r ON r.partition = %s AND r.rid = q.rid ORDER BY {order}",
                (compiler.number,),
            ),
        ],
    )
    return compiler.whole(made)


def _after(names: list[str], directions: list[str], place: list[Any]) -> Sql:
    """Behind a place in an order with different directions."""
    steps = []
    for end, name in enumerate(names):
        same = [Sql(f"s.{one} = %s", (place[at],)) for at, one in enumerate(names[:end])]
        beyond = Sql(f"s.{name} {'<' if directions[end] == 'DESC' else '>'} %s", (place[end],))
        steps.append(Sql(f"({(made := join(' AND ', [*same, beyond])).text})", made.values))
    made = join(" OR ", steps)
    return Sql(f" WHERE ({made.text})", made.values)


def find_matches(
    partition: Partition, grant: AccessGrant, resource_type: str, query: Query, limit: int
) -> list[int]:
    """The rids that a condition matches, at most `limit`. Raises BadRequest for a condition that cannot be honoured."""
    read = _criteria(resource_type, [pair for pair in query if pair[0] not in ANSWER], grant, strict=True)
    if read.node == EVERYTHING:
        raise BadRequest("The condition names no search parameter.")
    node = And((read.node, allowed(grant, resource_type, "s")))
    found = Compiler(partition).source(resource_type, node)
    return [row[0] for row in fetch(partition.region, f"{found.text} LIMIT {limit:d}", found.values)]


def is_visible(
    partition: Partition, grant: AccessGrant, resource_type: str, rid: int, interaction: str
) -> bool:
    """Whether the grant covers this current resource."""
    node = And((Rids((rid,)), allowed(grant, resource_type, interaction)))
    found = Compiler(partition).source(resource_type, node)
    return bool(fetch(partition.region, f"{found.text} LIMIT 1", found.values))


def matches(rows: IndexRows, resource_type: str, query: Query) -> bool:
    """Whether a resource with these rows matches; False for what the rows alone cannot tell."""
    node = And(
        tuple(condition(resource_type, name, value, lambda _: EVERYTHING) for name, value in query if value)
    )
    try:
        return fulfils(rows, node)
    except CannotTell:
        return False
