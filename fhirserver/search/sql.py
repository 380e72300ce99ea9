"""Pieces of statements with the values that they bind."""

from typing import Any, NamedTuple


class Sql(NamedTuple):
    text: str
    values: tuple[Any, ...] = ()


def join(separator: str, parts: list[Sql]) -> Sql:
    return Sql(
        separator.join(part.text for part in parts), tuple(one for part in parts for one in part.values)
    )
