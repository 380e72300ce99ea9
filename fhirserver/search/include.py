"""_include and _revinclude, with :iterate and *: what a page's resources refer to, and what refers to them.

https://hl7.org/fhir/R4/search.html#include. The caller's grant is asked for every resource that joins.
"""

from collections.abc import Iterable

from fhirserver.access import AccessGrant
from fhirserver.authorise import covers
from fhirserver.bundles import Entry
from fhirserver.connection import fetch, looked_up, numbers_of
from fhirserver.guides.memory import Guides, guides_of
from fhirserver.indexing.definitions import parameter, readings
from fhirserver.outcomes import BadRequest, LimitExceeded
from fhirserver.partitions import Partition
from fhirserver.prepared import Row
from fhirserver.rows import param_code, unpack
from fhirserver.search.limits import MAX_INCLUDE_ROUNDS, MAX_INCLUDED
from fhirserver.search.parse import Include
from fhirspec.catalogue import get_catalogue

Targets = dict[int, set[str]]
"""For each parameter number the types that may join; an empty name: all."""


def params_of(include: Include, guides: Guides) -> Targets:
    """Raises BadRequest for a type or parameter that is not there."""
    if include.source and include.source not in get_catalogue().resource_type_set:
        raise BadRequest(f"_include: {include.source} is not a resource type.")
    if include.code == "*":
        return {}
    added = guides.parameters.get(include.source, {}).get(include.code)
    found = parameter(include.source, include.code) or added
    if found is None or found.type != "reference":
        raise BadRequest(f"_include: {include.source}:{include.code} is not a reference parameter.")
    types: Targets = {}
    for one in readings(include.source, include.code):
        types.setdefault(param_code(include.source, one.code), set()).add(include.target or one.target)
    return types


def included(
    partition: Partition, grant: AccessGrant, includes: list[Include], page: dict[int, str]
) -> list[Entry]:
    """What joins a page, given as rid and type; each resource once. Raises BadRequest, LimitExceeded."""
    seen, newest = dict(page), page
    found: list[Entry] = []
    rounds = [(one, params_of(one, guides_of(partition))) for one in includes]
    for number in range(MAX_INCLUDE_ROUNDS):
        fresh: dict[int, tuple[str, Entry]] = {}
        for include, params in rounds:
            if number == 0 or include.iterate:
                fresh.update(_round(partition, grant, include, params, newest, {*seen, *fresh}))
        if not fresh:
            break
        if len(found) + len(fresh) > MAX_INCLUDED:
            raise LimitExceeded(
                f"More than {MAX_INCLUDED} resources would be included (MAX_INCLUDED): ask for a smaller _count."
            )
        found += [entry for _, entry in fresh.values()]
        newest = {rid: kind for rid, (kind, _) in fresh.items()}
        seen.update(newest)
    return found


def _round(
    partition: Partition,
    grant: AccessGrant,
    include: Include,
    params: Targets,
    newest: dict[int, str],
    seen: Iterable[int],
) -> dict[int, tuple[str, Entry]]:
    if include.reverse:
        starting = [rid for rid, kind in newest.items() if include.target in ("", kind)]
    else:
        starting = [rid for rid, kind in newest.items() if include.source in ("", kind)]
    if not starting:
        return {}
    wanted: dict[int, set[str]] = {}
    skip = set(seen)
    for param, rid in _pairs(partition, include, params, starting):
        if rid not in skip:
            wanted.setdefault(rid, set()).update({""} if include.reverse else params.get(param, {""}))
    return _visible(partition, grant, wanted, include)


def _pairs(partition: Partition, include: Include, params: Targets, starting: list[int]) -> list[Row]:
    """(parameter, other end) of the references from, or in reverse to, these resources."""
    region = partition.region
    own, other = ("target", "rid") if include.reverse else ("rid", "target")
    source, listed = numbers_of(region, "own", starting)
    tests, values = f"f.partition = %s AND f.{own} = own.value", [listed]
    # What refers to a resource is found by parameter and target, what it refers to by itself alone.
    numbers = list(params) or (_all_params() if include.reverse else [])
    if numbers:
        more, listed = numbers_of(region, "params", numbers)
        source, tests = f"{source} CROSS JOIN {more}", f"{tests} AND f.param = params.value"
        values.append(listed)
    found = looked_up(region, source, "fhir_reference", f"param, {other}", tests)
    statement = f"SELECT DISTINCT f.param, f.{other} {found} LIMIT {MAX_INCLUDED * 2}"
    return fetch(region, statement, [*values, partition.number])


def _all_params() -> list[int]:
    catalogue = get_catalogue()
    return [
        param_code(name, code)
        for name in catalogue.resource_types
        for code, one in catalogue.search_parameters(name).items()
        if one.type == "reference"
    ]


def _visible(
    partition: Partition, grant: AccessGrant, wanted: dict[int, set[str]], include: Include
) -> dict[int, tuple[str, Entry]]:
    if not wanted:
        return {}
    source, rids = numbers_of(partition.region, "w", wanted)
    named = looked_up(
        partition.region,
        source,
        "fhir_resource",
        "rid, type, logical_id, content, postings, rank",
        "f.partition = %s AND f.rid = w.value AND f.content IS NOT NULL",
    )
    rows = fetch(
        partition.region,
        f"SELECT f.rid, f.type, f.logical_id, f.content, f.postings {named} ORDER BY f.rank DESC, f.rid DESC",
        [rids, partition.number],
    )
    found = {}
    for rid, kind, logical_id, content, packed in rows:
        if include.reverse and include.source not in ("", kind):
            continue
        if not wanted[rid] & {"", kind} or not grant.allows(kind, "r"):
            continue
        if grant.is_unconfined(kind, "r") or covers(grant, kind, "r", unpack(packed)):
            found[rid] = kind, Entry(kind, logical_id, content, "include")
    return found
