"""What indexing makes of a resource and the store writes: one `IndexRows` a resource version.

`fhirserver.indexing.extract.index_rows(resource, rid, updated_us) -> IndexRows` makes them. The rows carry neither partition nor rid nor
rank: the writer adds them. An `IndexRows` is kept, packed, beside the content, so that an update writes only the difference.
"""

import hashlib
from functools import lru_cache
from typing import NamedTuple

import msgspec


class ReferenceRow(NamedTuple):
    """`param`: see `param_code`. `target`: the rid of what is referred to."""

    param: int
    target: int


class StringRow(NamedTuple):
    """`value`: folded (case, accents) text, perhaps with a mark of the text as it was."""

    param: int
    value: str


class DateRow(NamedTuple):
    """The instants from `low` up to and without `high`, in microseconds since 1970."""

    param: int
    low: int
    high: int


class QuantityRow(NamedTuple):
    """`unit`: the hash of the canonical unit, 0 for a plain number; `low`..`high`: the value with its precision."""

    param: int
    unit: int
    low: float
    high: float


# A posting is found by its key alone, a hash of type, parameter, variant and value (fhirserver/indexing/keys.py).
PostingRow = int


class IndexRows(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """All rows of one resource version; each list without duplicates.

    `rank` is the clinical date in microseconds, None when the resource has none (the store then ranks it by its creation).
    `contained`: those of the resources within it.
    """

    rank: int | None
    postings: list[PostingRow]
    references: list[ReferenceRow]
    strings: list[StringRow]
    dates: list[DateRow]
    quantities: list[QuantityRow]
    contained: "list[Contained]" = []


class Contained(NamedTuple):
    """The rows of a contained resource, under a number of its own; they share the rank of the resource that holds it."""

    rid: int
    rows: IndexRows


NO_ROWS = IndexRows(None, [], [], [], [], [])

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(IndexRows).decode


def pack(rows: IndexRows) -> bytes:
    if rows.contained:
        return _encode(rows)
    # As long as before there was anything to say of contained resources: most have none.
    return _encode((rows.rank, rows.postings, rows.references, rows.strings, rows.dates, rows.quantities))


def unpack(packed: bytes) -> IndexRows:
    return _decode(packed)


@lru_cache(maxsize=8192)
def param_code(resource_type: str, code: str) -> int:
    """The signed 32-bit number of a search parameter on a type, the same in every store."""
    digest = hashlib.blake2b(f"{resource_type}.{code}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big", signed=True)
