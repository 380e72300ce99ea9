"""_include and _revinclude, with :iterate and *: what a page's resources refer to, and what refers to them.

https://hl7.org/fhir/R4/search.html#include. The caller's grant is asked for every resource that joins.
"""

from collections.abc import Iterable

from fhirserver.access import AccessGrant
from fhirserver.authorise import covers
from fhirserver.bundles import Entry
from fhirserver.connection import fetch, looked_up, numbers_of, one_of
from fhirserver.guides.memory import Guides, guides_of
from fhirserver.indexing.definitions import parameter, readings
from fhirserver.outcomes import BadRequest, LimitExceeded
from fhirserver.partitions import Partition
from fhirserver.prepared import Row
from fhirserver.reached import Record
from fhirserver.rows import param_code, unpack
from fhirserver.search.limits import MAX_INCLUDE_ROUNDS, MAX_INCLUDED
from fhirserver.search.parse import Include
from fhirspec.catalogue import get_catalogue

_MAX_PAIRS = 2 * MAX_INCLUDED
"""Of a resource that joins and the parameter that says so: most are joined by one or two."""

Targets = dict[int, set[str]]
"""For each parameter number the types that it may refer to; an empty name: all. No number: every parameter."""


def params_of(include: Include, guides: Guides) -> Targets:
    """Raises BadRequest for a type or parameter that is not there."""
    name = "_revinclude" if include.reverse else "_include"
    for kind in filter(None, (include.source, include.target)):
        if kind not in get_catalogue().resource_type_set:
            raise BadRequest(f"{name}: {kind} is not a resource type.")
    if include.code == "*":
        return {}
    added = guides.parameters.get(include.source, {}).get(include.code)
    found = parameter(include.source, include.code) or added
    if found is None or found.type != "reference":
        raise BadRequest(f"{name}: {include.source}:{include.code} is not a reference parameter.")
    types: Targets = {}
    for one in readings(include.source, include.code):
        may_join = types.setdefault(param_code(include.source, one.code), set())
        if not include.target or one.target in ("", include.target):
            may_join.add(include.target or one.target)
    return types


def included(
    partition: Partition, grant: AccessGrant, includes: list[Include], page: dict[int, str]
) -> list[Entry]:
    """What joins a page, given as rid and type; each resource once. Raises BadRequest, LimitExceeded."""
    seen, newest, record = dict(page), page, Record(partition, grant)
    found: list[Entry] = []
    rounds = [(one, params_of(one, guides_of(partition))) for one in includes]
    for number in range(MAX_INCLUDE_ROUNDS + 1):
        fresh: dict[int, tuple[str, Entry]] = {}
        for include, params in rounds:
            if number == 0 or include.iterate:
                fresh.update(_round(partition, grant, record, include, params, newest, {*seen, *fresh}))
        if not fresh:
            break
        if number == MAX_INCLUDE_ROUNDS:
            raise LimitExceeded(
                f"What is included leads on for more than {MAX_INCLUDE_ROUNDS} steps (MAX_INCLUDE_ROUNDS):"
                " include fewer steps, and go on from the last."
            )
        if len(found) + len(fresh) > MAX_INCLUDED:
            raise _too_many()
        found += [entry for _, entry in fresh.values()]
        newest = {rid: kind for rid, (kind, _) in fresh.items()}
        seen.update(newest)
    return found


def _too_many() -> LimitExceeded:
    return LimitExceeded(
        f"More than {MAX_INCLUDED} resources would be included (MAX_INCLUDED): ask for a smaller _count."
    )


def _round(
    partition: Partition,
    grant: AccessGrant,
    record: Record,
    include: Include,
    params: Targets,
    newest: dict[int, str],
    seen: Iterable[int],
) -> dict[int, tuple[str, Entry]]:
    if include.reverse:
        referred = set().union(*params.values()) if params else {include.target}
        starting = [rid for rid, kind in newest.items() if referred & {"", kind}]
    else:
        starting = [rid for rid, kind in newest.items() if include.source in ("", kind)]
    if not starting:
        return {}
    found: dict[int, tuple[str, Entry]] = {}
    for param, rid, kind, logical_id, content, packed in _joining(partition, include, params, starting, seen):
        types = {include.source} if include.reverse else params.get(param, {""})
        if types & {"", kind} and rid not in found and _may_read(grant, record, kind, rid, packed):
            found[rid] = kind, Entry(kind, logical_id, content, "include")
    return found


def _joining(
    partition: Partition, include: Include, params: Targets, starting: list[int], seen: Iterable[int]
) -> list[Row]:
    """(parameter, rid, type, id, content, packed index rows) of what these resources refer to, or in reverse of what refers to them,
    once for each parameter that says so; without those that were seen."""
    region = partition.region
    own, other = ("target", "rid") if include.reverse else ("rid", "target")
    source, listed = numbers_of(region, "own", starting)
    among, known = one_of(region, seen)
    tests, values = f"f.partition = %s AND f.{own} = own.value AND NOT (f.{other} {among})", [listed]
    # What refers to a resource is found by parameter and target, what it refers to by itself alone.
    numbers = list(params) or (_all_params() if include.reverse else [])
    if numbers:
        more, listed = numbers_of(region, "params", numbers)
        source, tests = f"{source} CROSS JOIN {more}", f"{tests} AND f.param = params.value"
        values.append(listed)
    pairs = looked_up(region, source, "fhir_reference", f"param, {other}", tests)
    pairs = f"(SELECT DISTINCT f.param, f.{other} AS other {pairs} LIMIT {_MAX_PAIRS + 1}) p"
    columns = "rid, type, logical_id, content, postings"
    found = looked_up(
        region,
        pairs,
        "fhir_resource",
        f"{columns}, rank",
        "f.partition = %s AND f.rid = p.other AND f.content IS NOT NULL",
    )
    named = ", ".join(f"f.{name}" for name in columns.split(", "))
    statement = f"SELECT p.param, {named} {found} ORDER BY f.rank DESC, f.rid DESC"
    rows = fetch(region, statement, [*values, partition.number, known, partition.number])
    if len(rows) > _MAX_PAIRS:
        # Some were left out, and nobody knows which.
        raise _too_many()
    return rows


def _all_params() -> list[int]:
    catalogue = get_catalogue()
    return [
        param_code(name, code)
        for name in catalogue.resource_types
        for code, one in catalogue.search_parameters(name).items()
        if one.type == "reference"
    ]


def _may_read(grant: AccessGrant, record: Record, resource_type: str, rid: int, packed: bytes) -> bool:
    if grant.is_unconfined(resource_type, "r"):
        return True
    if not grant.allows(resource_type, "r"):
        return False
    return covers(grant, resource_type, "r", unpack(packed)) or record.reaches(resource_type, "r", rid)
