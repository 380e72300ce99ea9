"""_include and _revinclude, with :iterate and *: what a page's resources refer to, and what refers to them.

https://hl7.org/fhir/R4/search.html#include. The caller's grant is asked for every resource that joins.
"""

from collections.abc import Iterable

from fhirserver.access import AccessGrant
from fhirserver.authorise import covers
from fhirserver.bundles import Entry
from fhirserver.connection import fetch, one_of
from fhirserver.indexing.definitions import parameter, readings
from fhirserver.outcomes import BadRequest, LimitExceeded
from fhirserver.partitions import Partition
from fhirserver.rows import param_code, unpack
from fhirserver.search.limits import MAX_INCLUDE_ROUNDS, MAX_INCLUDED
from fhirserver.search.parse import Include
from fhirspec.catalogue import get_catalogue

Targets = dict[int, set[str]]
"""For each parameter number the types that may join; an empty name: all."""


def params_of(include: Include) -> Targets:
    """Raises BadRequest for a type or parameter that is not there."""
    if include.source and include.source not in get_catalogue().resource_type_set:
        raise BadRequest(f"_include: {include.source} is not a resource type.")
    if include.code == "*":
        return {}
    found = parameter(include.source, include.code)
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
    rounds = [(one, params_of(one)) for one in includes]
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
    own, other = ("target", "rid") if include.reverse else ("rid", "target")
    region = partition.region
    among, rids = one_of(region, starting)
    text = (
        f"SELECT DISTINCT f.param, f.{other} FROM fhir_reference f WHERE f.partition = %s AND f.{own} {among}"
    )
    values = [partition.number, rids]
    # SQLite and PostgreSQL both need the parameter to find a target by its index.
    numbers = list(params) or (_all_params() if include.reverse else [])
    if numbers:
        listed, value = one_of(region, numbers)
        text += f" AND f.param {listed}"
        values.append(value)
    pairs = fetch(region, f"{text} LIMIT {MAX_INCLUDED * 2}", values)
    wanted: dict[int, set[str]] = {}
    skip = set(seen)
    for param, rid in pairs:
        if rid not in skip:
            wanted.setdefault(rid, set()).update({""} if include.reverse else params.get(param, {""}))
    return _visible(partition, grant, wanted, include)


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
    among, rids = one_of(partition.region, wanted)
    rows = fetch(
        partition.region,
        "SELECT rid, type, logical_id, content, postings FROM fhir_resource"
        f" WHERE partition = %s AND rid {among} AND content IS NOT NULL ORDER BY rank DESC, rid DESC",
        [partition.number, rids],
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
