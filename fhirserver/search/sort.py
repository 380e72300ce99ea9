"""_sort: what a resource is ordered by. Resources without a value come last. https://hl7.org/fhir/R4/search.html#sort"""

from typing import Any, NamedTuple

from fhirserver.indexing.definitions import implied_systems, parameter, rank_parameter, readings
from fhirserver.indexing.keys import OPEN_HIGH, OPEN_LOW, value_key
from fhirserver.indexing.params import token
from fhirserver.outcomes import BadRequest
from fhirserver.rows import param_code
from fhirserver.search.compile import Sql
from fhirspec.catalogue import get_catalogue

_TABLES = {"string": ("fhir_string", "value"), "uri": ("fhir_string", "value"), "date": ("fhir_date", "low"),
           "number": ("fhir_quantity", "low"), "quantity": ("fhir_quantity", "low")}  # fmt: skip
_MAX_CODES = 60


class Key(NamedTuple):
    """An expression over the alias `m`, and its direction."""

    expression: Sql
    descending: bool


def is_by_rank(resource_type: str, sort: list[tuple[str, bool]]) -> bool:
    """Whether this order is that in which postings lie: newest first."""
    if not sort:
        return True
    ranked = rank_parameter(resource_type)
    return len(sort) == 1 and sort[0][1] and bool(ranked) and sort[0][0] == ranked


def keys_of(resource_type: str, sort: list[tuple[str, bool]], partition: int) -> list[Key]:
    """Raises BadRequest for what cannot be sorted by."""
    return [Key(_expression(resource_type, code, down, partition), down) for code, down in sort]


def _expression(resource_type: str, code: str, descending: bool, partition: int) -> Sql:
    if code in ("_id", "_lastUpdated"):
        column = "logical_id" if code == "_id" else "updated"
        text = f"(SELECT s.{column} FROM fhir_resource s WHERE s.partition = %s AND s.rid = m.rid)"
        return Sql(text, (partition,))
    found = parameter(resource_type, code)
    if found is None:
        raise BadRequest(f"_sort={code}: {resource_type} has no such search parameter.")
    if found.type == "token":
        return _codes(resource_type, code, partition)
    if found.type not in _TABLES:
        raise BadRequest(f"_sort={code}: this server cannot sort by a parameter of the type {found.type}.")
    table, column = _TABLES[found.type]
    pick, missing = ("max" if descending else "min"), _missing(found.type, descending)
    params = [param_code(resource_type, one.code) for one in readings(resource_type, code)]
    unit = " AND s.unit = 0" if table == "fhir_quantity" else ""
    text = (
        f"COALESCE((SELECT {pick}(s.{column}) FROM {table} s WHERE s.partition = %s AND s.rid = m.rid"
        f" AND s.param IN ({', '.join(['%s'] * len(params))}){unit}), %s)"
    )
    return Sql(text, (partition, *params, missing))


def _missing(kind: str, descending: bool) -> Any:
    if kind in ("string", "uri"):
        return "" if descending else "\U0010ffff"
    if kind == "date":
        return OPEN_LOW - 1 if descending else OPEN_HIGH + 1
    return -1.75e308 if descending else 1.75e308


def _codes(resource_type: str, code: str, partition: int) -> Sql:
    """A `code` element, by the place of its value among the codes of its system in alphabetical order."""
    codes = sorted(_known_codes(resource_type, code))
    if not codes or len(codes) > _MAX_CODES:
        raise BadRequest(f"_sort={code}: this server sorts tokens only where their codes are few and fixed.")
    cases, values = [], []
    for place, one in enumerate(codes):
        cases.append(
            f"WHEN EXISTS (SELECT 1 FROM fhir_posting s WHERE s.partition = %s AND s.key = %s"
            f" AND s.rank = m.rank AND s.rid = m.rid) THEN {place}"
        )
        values += [partition, value_key(resource_type, code, token.by_code(one))]
    return Sql(f"(CASE {' '.join(cases)} ELSE {len(codes)} END)", tuple(values))


def _known_codes(resource_type: str, code: str) -> set[str]:
    if get_catalogue().search_parameters(resource_type)[code].code == "active":
        return {"false", "true"}
    found: set[str] = set()
    for system in implied_systems(resource_type, code):
        concepts = (_code_system(system) or {}).get("concept", [])
        found.update(one["code"] for one in concepts)
    return found


def _code_system(system: str) -> dict[str, Any] | None:
    return get_catalogue().canonical(system)
