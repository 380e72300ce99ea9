"""A search from its request to one page of a Bundle. https://hl7.org/fhir/R4/search.html"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from fhirserver.access import AccessGrant
from fhirserver.bundles import SearchPieces
from fhirserver.characters import require_pairs_without_nul
from fhirserver.connection import fetch, numbers_of
from fhirserver.guides.memory import guides_of
from fhirserver.http import FhirRequest
from fhirserver.outcomes import BadRequest, FhirError, Forbidden, Issue
from fhirserver.partitions import Partition
from fhirserver.responses import preference
from fhirserver.rows import IndexRows
from fhirserver.search.ast import EVERYTHING, And, Node, Rids, any_of
from fhirserver.search.canonicals import terminology_of
from fhirserver.search.compile import Compiler
from fhirserver.search.criteria import UnknownParameter, condition
from fhirserver.search.evaluate import CannotTell, fulfils
from fhirserver.search.include import included, params_of
from fhirserver.search.page import Place, Source, page_at
from fhirserver.search.paging import bound_query, links, read_cursor, write_cursor
from fhirserver.search.parse import ANSWER, CONTROLS, Controls, controls_of
from fhirserver.search.query import require_moderate
from fhirserver.search.rewrite import allowed, in_compartment
from fhirserver.search.scope import Scope
from fhirserver.search.sort import is_by_rank, keys_of
from fhirserver.search.sql import Sql
from fhirserver.search.versions import as_referred
from fhirserver.search.within import entry_of, require_possible, require_whole_resources, sources_of
from fhirspec.catalogue import get_catalogue
from fhirspec.resource_types import no_resource_type

Query = list[tuple[str, str]]


class Criteria(NamedTuple):
    """The condition of a query, the pairs that were understood, what was not by its name, and what is not ready."""

    node: Node
    used: Query
    ignored: dict[str, Issue]
    unready: list[Issue]


def search(request: FhirRequest, partition: Partition, grant: AccessGrant) -> SearchPieces:
    """One page with its links. Raises BadRequest, LimitExceeded, Forbidden."""
    controls = controls_of(request.query)
    types = _types(request, controls, grant)
    for one in controls.includes:
        # Also where nothing matches, and nothing would be looked up.
        params_of(one, guides_of(partition))
    strict = preference(request, "handling") == "strict"
    require_possible(controls, types, request.query, guides_of(partition))
    read = _common_criteria(types, request.query, lambda: _scope(partition, grant), strict)
    sources: list[Source] = []
    for resource_type, criteria in zip(types, read, strict=True):
        asked = And((criteria.node, *_confined(request, resource_type)))
        sources += sources_of(resource_type, asked, controls, grant)
    unready = {issue.diagnostics: issue for criteria in read for issue in criteria.unready}
    issues = {**read[0].ignored, **unready}
    return _answer(request, partition, grant, controls, sources, read[0].used, list(issues.values()))


def _common_criteria(
    types: list[str], query: Query, scope: Callable[[], Scope], strict: bool
) -> list[Criteria]:
    """Of several types those parameters count that all of them have: what one ignores is ignored for all."""
    read = [_criteria(name, query, scope(), strict) for name in types]
    ignored: dict[str, Issue] = {}
    for one in read:
        ignored = {**one.ignored, **ignored}
    if ignored and len(types) > 1:
        kept = [pair for pair in query if pair[0] not in ignored]
        read = [_criteria(name, kept, scope(), strict) for name in types]
    return [one._replace(ignored=ignored) for one in read]


def _scope(partition: Partition, grant: AccessGrant) -> Scope:
    return Scope(
        lambda name: allowed(grant, name, "s"),
        guides_of(partition),
        lambda: terminology_of(partition, grant),
        partition.base,
        lambda *asked: _refer_to_several(partition, grant, *asked),
    )


def _refer_to_several(
    partition: Partition, grant: AccessGrant, resource_type: str, param: int, targets: Sequence[int]
) -> bool:
    """Not told to a caller who is confined: it would tell of what others refer to."""
    if not grant.is_unconfined(resource_type, "s"):
        return False
    source, listed = numbers_of(partition.region, "own", targets)
    text = (
        f"SELECT 1 FROM {source} WHERE EXISTS (SELECT 1 FROM fhir_reference f WHERE f.partition = %s"
        " AND f.param = %s AND f.target = own.value LIMIT 1 OFFSET 0) LIMIT 2"
    )
    return len(fetch(partition.region, text, (listed, partition.number, param))) > 1


def _types(request: FhirRequest, controls: Controls, grant: AccessGrant) -> list[str]:
    names = get_catalogue().resource_type_set
    if request.resource_type:
        return [request.resource_type]
    for name in controls.types:
        if name not in names:
            raise BadRequest(f"_type: {no_resource_type(name)}")
    found = grant.types("s", controls.types or sorted(names))
    if not found:
        raise Forbidden("This credential may not search any of these types.", missing="*.s")
    return found


def _confined(request: FhirRequest, resource_type: str) -> tuple[Node, ...]:
    if not request.compartment_type:
        return ()
    return (in_compartment(request.compartment_type, request.logical_id, resource_type),)


def _criteria(resource_type: str, query: Query, scope: Scope, strict: bool) -> Criteria:
    nodes: list[Node] = []
    used: Query = []
    ignored: dict[str, Issue] = {}
    require_moderate([pair for pair in query if pair[1] and pair[0].partition(":")[0] not in CONTROLS])
    for name, value in query:
        if name.partition(":")[0] in CONTROLS:
            used += [(name, value)] if value and name != "_cursor" else []
            continue
        if not value:
            continue
        try:
            nodes.append(condition(resource_type, name, value, scope))
            used.append((name, value))
        except UnknownParameter as error:
            if strict:
                raise
            ignored[name] = Issue("not-supported", f"Ignored: {error.diagnostics}", severity="warning")
    return Criteria(And(tuple(nodes)), used, ignored, _unready(scope, strict))


def _unready(scope: Scope, strict: bool) -> list[Issue]:
    """Raises BadRequest where a part of the matches is not good enough: in a condition, or for a strict client."""
    text = "{} was added by an implementation guide, and earlier resources are still being indexed: some matches may be missing."
    found = [text.format(name) for name in dict.fromkeys(scope.unready)]
    if found and strict:
        raise BadRequest(found[0])
    return [Issue("incomplete", one, severity="warning") for one in found]


def _answer(
    request: FhirRequest,
    partition: Partition,
    grant: AccessGrant,
    controls: Controls,
    sources: list[Source],
    used: Query,
    issues: list[Issue],
) -> SearchPieces:
    path = request.path.strip("/")
    address = f"{request.base_url}/{path}".rstrip("/")
    if controls.count_only:
        own = links(address, used, "", {})[:1]
        return SearchPieces([], _total(partition, sources), own, issues)
    bound = bound_query(used, path, partition.number)
    types = list(dict.fromkeys(name for name, _ in sources))
    by_rank = is_by_rank(types[0], controls.sort) if len(types) == 1 else not controls.sort
    keys = [] if by_rank else keys_of(types, controls.sort, partition)
    place = Place.read(read_cursor(controls.cursor, bound), keys) if controls.cursor else Place()
    page = page_at(partition, sources, keys, place, controls.count)
    start = len(keys) + 2
    entries = [entry_of(row[start:], row[start - 1], controls) for row in page.rows]
    if controls.includes and page.rows:
        rids = {row[start - 1]: row[start] for row in page.rows}
        entries += included(partition, grant, controls.includes, rids)
        entries = as_referred(partition, grant, entries)
    total = None
    if controls.total in ("accurate", "estimate"):
        total = _total(partition, sources)
    elif not controls.total and not controls.cursor and page.following is None:
        total = len(page.rows)
    beside = {
        name: write_cursor(one.packed(), bound)
        for name, one in (("next", page.following), ("prev", page.previous))
        if one is not None
    }
    return SearchPieces(entries, total, links(address, used, controls.cursor, beside), issues)


def _total(partition: Partition, sources: list[Source]) -> int:
    compiler = Compiler(partition)
    total = 0
    for resource_type, asked in sources:
        found = compiler.matches(resource_type, asked)
        counted = compiler.whole(Sql(f"SELECT count(*) {found.text}", found.values))
        total += fetch(partition.region, counted.text, counted.values)[0][0]
    return total


def find_matches(
    partition: Partition, grant: AccessGrant, resource_type: str, query: Query, limit: int
) -> list[int]:
    """The rids that a condition matches, at most `limit`. Raises BadRequest for a condition that cannot be honoured."""
    require_pairs_without_nul(query)
    require_whole_resources(query)
    scope = _scope(partition, grant)
    read = _criteria(resource_type, [pair for pair in query if pair[0] not in ANSWER], scope, strict=True)
    if read.node == EVERYTHING:
        raise BadRequest("The condition names no search parameter.")
    node = And((read.node, allowed(grant, resource_type, "s")))
    found = Compiler(partition).source(resource_type, node)
    return [row[0] for row in fetch(partition.region, f"{found.text} LIMIT {limit:d}", found.values)]


def labelled(partition: Partition, grant: AccessGrant, resource_type: str, limit: int) -> list[int]:
    """The rids of resources with a profile, a tag or a security label that the grant lets read, at most `limit`."""
    scope = _scope(partition, grant)
    names = ("_profile", "_security", "_tag")
    carried = any_of([condition(resource_type, f"{name}:missing", "false", scope) for name in names])
    found = Compiler(partition).source(resource_type, And((carried, allowed(grant, resource_type, "r"))))
    return [row[0] for row in fetch(partition.region, f"{found.text} LIMIT {limit:d}", found.values)]


def is_visible(
    partition: Partition, grant: AccessGrant, resource_type: str, rid: int, interaction: str
) -> bool:
    """Whether the grant covers this current resource."""
    node = And((Rids((rid,)), allowed(grant, resource_type, interaction)))
    found = Compiler(partition).source(resource_type, node)
    return bool(fetch(partition.region, f"{found.text} LIMIT 1", found.values))


def problem_with_query(resource_type: str, query: Query) -> str:
    """Why resources of the type cannot be restricted by this query; empty when they can."""
    try:
        for name, value in query:
            condition(resource_type, name, value, Scope(lambda _: EVERYTHING))
    except FhirError as error:
        return error.diagnostics
    return ""


def matches(rows: IndexRows, resource_type: str, query: Query) -> bool:
    """Whether a resource with these rows matches; False for what the rows alone cannot tell, and for parameters the type has not."""
    scope = Scope(lambda _: EVERYTHING)
    try:
        node = And(tuple(condition(resource_type, name, value, scope) for name, value in query if value))
        return fulfils(rows, node)
    except (CannotTell, UnknownParameter):
        return False
