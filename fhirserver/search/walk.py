"""A sorted page read off an index that lies in its order, where sorting all that matches would cost more.

How often a walk meets a match is not known beforehand: it reads a stretch of the index, and whoever finds too little there sorts.
"""

from typing import Any, Literal

from fhirserver.connection import fetch
from fhirserver.partitions import Partition
from fhirserver.search.ast import Node
from fhirserver.search.compile import Compiler
from fhirserver.search.sort import Index, Key
from fhirserver.search.sql import Sql, join, rows_of

MANY = 1_000
"""So many matches are sorted as quickly as they are walked to."""
STRETCH = 4_000
"""Rows of the index that a walk may read."""


def walk(
    compiler: Compiler, resource_type: str, node: Node, key: Key, start: Any, *, backwards: bool
) -> Sql | None:
    """`FROM … m WHERE …`: matches beside the value `start` (None: from the end where the order begins), some of them or all; `m` has the
    column of the key's index. None when sorting is better."""
    index = key.along
    if index is None or (start is not None and start == key.missing):
        # Among those without a value there is nothing to walk along.
        return None
    if not are_many(compiler, resource_type, node):
        return None
    falls = key.descending != backwards
    ahead = _rows(index, compiler.number)
    if start is not None:
        ahead = join(" AND ", [ahead, Sql(f"m.{index.column} {'<=' if falls else '>='} %s", (start,))])
    parts = [ahead]
    far = f"{ahead.text} ORDER BY m.{index.column} {'DESC' if falls else 'ASC'} LIMIT 1 OFFSET {STRETCH}"
    for (end,) in fetch(compiler.partition.region, f"SELECT m.{index.column} {far}", ahead.values):
        parts.append(Sql(f"m.{index.column} {'>=' if falls else '<='} %s", (end,)))
    if index.several:
        parts.append(_counts(index, compiler.partition, "greater" if key.descending else "less"))
    return join(" AND ", [*parts, compiler.conditions(resource_type, node)])


def _rows(index: Index, partition: int) -> Sql:
    """`FROM … m WHERE …`: in the order of the index, merged where it has several parts."""
    tests = index.tests
    if len(index.values) == 1:
        text = f"FROM {index.table} m WHERE m.partition = %s AND m.{index.led} = %s{tests.text}"
        return Sql(text, (partition, *index.values, *tests.values))
    one = f"SELECT * FROM {index.table} m WHERE m.partition = %s AND m.{index.led} = %s{tests.text}"
    parts = [Sql(one, (partition, value, *tests.values)) for value in index.values]
    union = join(" UNION ALL ", parts)
    return Sql(f"FROM ({union.text}) m WHERE 1 = 1", union.values)


def are_many(compiler: Compiler, resource_type: str, node: Node) -> bool:
    """Whether the matches, of a condition that is planned, are too many to be sorted quickly."""
    found = compiler.found(resource_type, node)
    statement = compiler.whole(Sql(f"SELECT 1 {found.text} LIMIT 1 OFFSET {MANY}", found.values))
    return bool(fetch(compiler.partition.region, statement.text, statement.values))


def _counts(index: Index, partition: Partition, than: Literal["less", "greater"]) -> Sql:
    """Of the several values of a resource, this row has the one that counts."""
    other, own = (", ".join(f"{alias}.{name}" for name in index.several) for alias in ("o", "m"))
    tests = index.tests.text.replace("m.", "o.")
    text = (
        f"NOT EXISTS (SELECT 1 FROM {rows_of(partition.region, index.table, 'm')} o"
        f" WHERE o.{index.led} IN ({', '.join(['%s'] * len(index.values))}){tests}"
        f" AND ({other}) {'<' if than == 'less' else '>'} ({own}))"
    )
    return Sql(text, (partition.number, *index.values, *index.tests.values))
