"""Where the rows of one resource are gathered."""

from fhirserver.rows import Contained, DateRow, IndexRows, QuantityRow, ReferenceRow, StringRow

Target = tuple[str, str]


class Builder:
    """Sets of rows, and beside them what compartments need: `targets`, for each parameter (type, id) of local references.

    `holder`: the address of the resource in which `#id` leads to another; empty when it contains none.
    """

    __slots__ = ("dates", "holder", "postings", "quantities", "references", "strings", "targets")

    def __init__(self, holder: str = "") -> None:
        self.holder = holder
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
