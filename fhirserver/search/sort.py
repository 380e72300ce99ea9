"""_sort: what a resource is ordered by. https://hl7.org/fhir/R4/search.html#sort

Of several values the least counts when ascending, the greatest when descending; resources without a value come last either way. Text
is ordered without case and accents, quantities by their number, tokens by code, identifiers by value, references by their text. The one
order that is read as it lies, newest first by the type's main date, puts resources without that date where they were created.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from fhirserver.guides.memory import Guides, guides_of
from fhirserver.indexing.definitions import closed_codes, parameter, rank_parameter, readings
from fhirserver.indexing.keys import NUMBER, OPEN_HIGH, OPEN_LOW, value_key
from fhirserver.indexing.params.string import PART
from fhirserver.indexing.params.token import by_code
from fhirserver.outcomes import BadRequest, LimitExceeded
from fhirserver.partitions import Partition
from fhirserver.rows import param_code
from fhirserver.search.ast import And, Node, Not, Posting
from fhirserver.search.content_values import content_value
from fhirserver.search.limits import MAX_SORT
from fhirserver.search.sql import Sql, rows_of
from fhirspec.definitions import SearchParameter
from fhirspec.searchparams import UnsupportedExpression

_ENDS = ("low", "high")
_TABLES = {"string": ("fhir_string", ("value",)), "uri": ("fhir_string", ("value",)), "date": ("fhir_date", _ENDS),
           "number": ("fhir_quantity", _ENDS), "quantity": ("fhir_quantity", _ENDS)}  # fmt: skip
_IN_CONTENT = ("token", "reference")
_ON_EVERY_TYPE = ("_id", "_lastUpdated")
FEW_CODES = 20
"""So many different codes are listed one after the other."""


class Index(NamedTuple):
    """A table that lies in the order of `column` where its `led` column has one of these values (several: each part of it does): what else its
    rows must fulfil, and the columns by which the one of several values that counts is found; none where a resource has one row."""

    table: str
    column: str
    led: str
    values: tuple[str | int, ...]
    tests: Sql = Sql("")
    several: tuple[str, ...] = ()


class Key(NamedTuple):
    """An expression over the alias `m`, its direction, what stands for no value, and the index that holds this order, if one does; or the
    few values that there are, in this order, each with the condition that a resource counts by it."""

    expression: Sql
    descending: bool
    missing: str | int | float | None = None
    along: Index | None = None
    values: tuple[tuple[Any, Node], ...] = ()


def is_by_rank(resource_type: str, sort: list[tuple[str, bool]]) -> bool:
    """Whether this order is that in which postings lie: newest first."""
    if not sort:
        return True
    ranked = rank_parameter(resource_type)
    return len(sort) == 1 and sort[0][1] and bool(ranked) and sort[0][0] == ranked


def keys_of(resource_types: list[str], sort: list[tuple[str, bool]], partition: Partition) -> list[Key]:
    """Raises BadRequest for what cannot be sorted by, LimitExceeded."""
    if len(sort) > MAX_SORT:
        raise LimitExceeded(f"_sort names {len(sort)} keys; the limit is {MAX_SORT} (MAX_SORT).")
    guides = guides_of(partition)
    return [_key(resource_types, code, down, partition, guides) for code, down in sort]


def _key(
    resource_types: Sequence[str], code: str, descending: bool, partition: Partition, guides: Guides
) -> Key:
    if code in _ON_EVERY_TYPE:
        column = "logical_id" if code == "_id" else "updated"
        text = f"(SELECT s.{column} FROM fhir_resource s WHERE s.partition = %s AND s.rid = m.rid)"
        by_time = Index("fhir_resource", column, "type", (resource_types[0],))
        index = by_time if code == "_lastUpdated" else None
        return Key(Sql(text, (partition.number,)), descending, along=index)
    if code == "_score":
        raise BadRequest("_sort=_score: matches carry no score here; sort by a search parameter.")
    found = [_parameter(one, code, guides) for one in resource_types]
    kinds = {one.type: one.base for one in found}
    if len(kinds) > 1:
        listed = ", ".join(f"a {kind} of {base}" for kind, base in kinds.items())
        raise BadRequest(f"_sort={code}: it is {listed}, and these have no order among each other.")
    kind = found[0].type
    pick, missing = "max" if descending else "min", _missing(kind, descending)
    values: tuple[tuple[Any, Node], ...] = ()
    if kind in _IN_CONTENT:
        value, index = _in_content(found, partition, pick), None
        values = _listed(resource_types, code, descending, missing)
    else:
        value, index = _indexed(found, partition, pick)
    expression = Sql(f"COALESCE({value.text}, %s)", (*value.values, missing))
    return Key(expression, descending, missing, index, values)


def _listed(
    resource_types: Sequence[str], code: str, descending: bool, missing: str | int | float
) -> tuple[tuple[Any, Node], ...]:
    """Of a code that can only be one of few; what has none, or one that nobody knows, is last."""
    (resource_type, *others), (own, *_) = resource_types, readings(resource_types[0], code)
    codes = closed_codes(resource_type, code)
    by_word = {one.lower(): value_key(resource_type, own.code, by_code(one)) for one in codes}
    if others or not len(codes) == len(by_word) in range(1, FEW_CODES + 1):
        return ()
    values: list[tuple[Any, Node]] = []
    before: tuple[int, ...] = ()
    for word in sorted(by_word, reverse=descending):
        # Of several the first in this order counts.
        own_key = Posting((by_word[word],), 60)
        values.append((word, And((own_key, Not(Posting(before)))) if before else own_key))
        before = (*before, by_word[word])
    return (*values, (missing, Not(Posting(before))))


def _parameter(resource_type: str, code: str, guides: Guides) -> SearchParameter:
    found = parameter(resource_type, code) or guides.parameters.get(resource_type, {}).get(code)
    if found is None:
        raise BadRequest(f"_sort={code}: {resource_type} has no such search parameter.")
    return found


def _in_content(found: Sequence[SearchParameter], partition: Partition, pick: str) -> Sql:
    try:
        return content_value(found, partition, pick)
    except UnsupportedExpression:
        raise BadRequest(
            f"_sort={found[0].code}: this server cannot sort by it: {found[0].expression} is no path to a value."
        ) from None


def _indexed(found: Sequence[SearchParameter], partition: Partition, pick: str) -> tuple[Sql, Index | None]:
    """By the rows of one parameter, or of each type's own."""
    kind, code = found[0].type, found[0].code
    if kind not in _TABLES:
        raise BadRequest(f"_sort={code}: this server cannot sort by a parameter of the type {kind}.")
    table, columns = _TABLES[kind]
    params = [param_code(own.base, one.code) for own in found for one in readings(own.base, code)]
    unit = f" AND m.unit = {NUMBER}" if table == "fhir_quantity" else ""
    # A part of a name is found, and sorts nothing.
    whole, part = (" AND {}.value NOT LIKE %s", (f"%{PART}",)) if kind == "string" else ("", ())
    text = (
        f"(SELECT {pick}(s.{columns[0]}) FROM {rows_of(partition.region, table, 'm')} s"
        f" WHERE s.param IN ({', '.join(['%s'] * len(params))}){whole.format('s')})"
    )
    tests = Sql(f"{unit}{whole.format('m')}", part)
    # The same text may be found by two parameters: it counts once.
    several = (*columns, "param") if len(params) > 1 else columns
    index = Index(table, columns[0], "param", tuple(params), tests, several) if len(found) == 1 else None
    return Sql(text, (partition.number, *params, *part)), index


def _missing(kind: str, descending: bool) -> str | int | float:
    if kind == "date":
        return OPEN_LOW - 1 if descending else OPEN_HIGH + 1
    if kind in ("number", "quantity"):
        return -1.75e308 if descending else 1.75e308
    return "" if descending else "\U0010ffff"
