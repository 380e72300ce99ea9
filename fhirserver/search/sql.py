"""Pieces of statements with the values that they bind."""

from typing import Any, NamedTuple

from fhirserver.connection import is_postgresql
from fhirserver.indexing.keys import NUMBER


class Sql(NamedTuple):
    text: str
    values: tuple[Any, ...] = ()


def join(separator: str, parts: list[Sql]) -> Sql:
    return Sql(
        separator.join(part.text for part in parts), tuple(one for part in parts for one in part.values)
    )


LOOKED_UP = ("fhir_string", "fhir_date")
"""Tables of which each row can be found by its resource; of amounts only the plain numbers can, and the others lie by key."""


def rows_of(region: str, table: str, at: str) -> str:
    """The rows of the resource `at.rid` in a table of ranges (of amounts: the plain numbers), looked up by that alone. Without statistics
    PostgreSQL would as soon read all that a parameter has, for every resource: behind the fence it does not see the parameter."""
    unit = f" AND unit = {NUMBER}" if table == "fhir_quantity" else ""
    fence = " OFFSET 0" if is_postgresql(region) else ""
    return f"(SELECT * FROM {table} WHERE partition = %s AND rid = {at}.rid{unit}{fence})"
