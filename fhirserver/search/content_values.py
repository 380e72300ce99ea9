"""What lies at a parameter's path in the stored content, in SQL: tokens and references are sorted by it, of which the index holds
only hashes.

PostgreSQL reads it by SQL/JSON paths, SQLite by one `json_each` a member.
"""

import json
from collections.abc import Sequence

from fhirserver.connection import is_postgresql
from fhirserver.partitions import Partition
from fhirserver.search.sql import Sql, join
from fhirspec.definitions import SearchParameter
from fhirspec.searchparams import JsonPath, Kept, json_paths
from fhirspec.searchparams.paths import Member

# What stands for a value of these types in an order.
_SORTED_BY = {
    "CodeableConcept": ("coding", "code"),
    "Coding": ("code",),
    "Identifier": ("value",),
    "ContactPoint": ("value",),
    "Reference": ("reference",),
}


def content_value(parameters: Sequence[SearchParameter], partition: Partition, pick: str) -> Sql:
    """The least or greatest (`pick`: min, max) value of a token or reference in the resource `m.rid`, where it is kept by each of the types
    that it may be of; NULL when it has none. UnsupportedExpression when an expression is no path."""
    paths = dict.fromkeys(_ending(path) for one in parameters for path in json_paths(one))
    of_path = _by_path if is_postgresql(partition.region) else _by_members
    union = join(" UNION ALL ", [of_path(path, partition.number) for path in paths])
    return Sql(f"(SELECT {pick}(v.word) FROM ({union.text}) v)", union.values)


def _ending(path: JsonPath) -> JsonPath:
    tail = tuple(Member(name) for name in _SORTED_BY.get(path.type, ()))
    return JsonPath((*path.members, *tail), path.type)


def _by_path(path: JsonPath, partition: int) -> Sql:
    text = (
        "SELECT lower(j.found #>> '{}') COLLATE \"C\" AS word FROM fhir_resource s,"
        " jsonb_path_query(convert_from(s.content, 'UTF8')::jsonb, %s::jsonpath) AS j(found)"
        " WHERE s.partition = %s AND s.rid = m.rid"
    )
    return Sql(text, ("$" + "".join(_step(member) for member in path.members), partition))


def _step(member: Member) -> str:
    return f".{json.dumps(member.name)}" + (f" ? ({_kept(member.kept)})" if member.kept else "")


def _kept(kept: Kept) -> str:
    return f"@.{json.dumps(kept.name)} {'starts with' if kept.begins else '=='} {json.dumps(kept.value)}"


def _by_members(path: JsonPath, partition: int) -> Sql:
    sources, tests, within = [], [], "CAST(s.content AS TEXT)"
    for number, (name, kept) in enumerate(path.members):
        each = (
            f"json_each(CASE json_type({within}, %s) WHEN 'array' THEN json_extract({within}, %s)"
            f" ELSE json_array(json_extract({within}, %s)) END) j{number}"
        )
        sources.append(Sql(each, (f'$."{name}"',) * 3))
        within = f"j{number}.value"
        if kept:
            tests.append(_test(kept, within))
    found = join(", ", sources)
    statement = Sql(f"SELECT lower({within}) AS word FROM fhir_resource s, {found.text}", found.values)
    own = Sql(" WHERE s.partition = %s AND s.rid = m.rid", (partition,))
    return join(" AND ", [join("", [statement, own]), *tests])


def _test(kept: Kept, within: str) -> Sql:
    member = f"json_extract({within}, %s)"
    if kept.begins:
        member = f"substr({member}, 1, {len(kept.value):d})"
    return Sql(f"{member} = %s", (f'$."{kept.name}"', kept.value))
