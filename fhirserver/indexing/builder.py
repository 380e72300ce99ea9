"""Where the rows of one resource are gathered."""

from collections.abc import Mapping
from typing import NamedTuple

from fhirserver.rows import Contained, DateRow, IndexRows, QuantityRow, ReferenceRow, StringRow

Target = tuple[str, str]


class Within(NamedTuple):
    """`holder`: the address of the resource in which `#id` leads to another, and `contained` the types of those, by id; empty when it
    contains none. `base`: what makes an address one of this server, with trailing slash."""

    holder: str = ""
    contained: Mapping[str, str] = {}
    base: str = ""


NOWHERE = Within()


class Builder:
    """Sets of rows, and beside them what compartments need: `targets`, for each parameter (type, id) of local references.

    `within`: what its references are read by.
    """

    __slots__ = ("dates", "postings", "quantities", "references", "strings", "targets", "within")

    def __init__(self, within: Within | None = None) -> None:
        self.within = within or NOWHERE
        self.postings: set[int] = set()
        self.references: set[ReferenceRow] = set()
        self.strings: set[StringRow] = set()
        self.dates: set[DateRow] = set()
        self.quantities: set[QuantityRow] = set()
        self.targets: dict[str, set[Target]] = {}

    def rows(self, rank: int | None, contained: list[Contained]) -> IndexRows:
        return IndexRows(
            rank,
            list(self.postings),
            list(self.references),
            list(self.strings),
            list(self.dates),
            list(self.quantities),
            contained,
        )
