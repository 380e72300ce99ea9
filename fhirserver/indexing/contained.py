"""Contained resources, indexed beside the resource that holds them, where only a search that asks for them looks.

https://hl7.org/fhir/R4/search.html#contained. A contained resource is indexed like any other, under a number of its own, and then
every key and parameter is turned by a mark: `Patient?name=x` never reads the rows of a contained Patient, and what a search asks of
resources that stand by themselves is asked of contained ones by the same turn (search/contained.py). A reference `#p1` points to that
number, so chains go on into what is contained (docs/adr/0017).
"""

from collections.abc import Iterable

from fhirserver.rows import (
    Contained,
    DateRow,
    IndexRows,
    QuantityRow,
    ReferenceRow,
    StringRow,
    param_code,
)
from fhirspec.hashing import hash64

HELD_BY = param_code("Resource", "contained")
"""The reference of a contained resource to the one that holds it."""

# The low 40 bits only: keys of one value stay beside each other.
_KEY_MARK = 0x5A_C3_96_1E_87
_ID_MARK = 0x3C_A5_69_D2_78
_HOLDER_MARK = 0x66_99_5A_3C_E1
_PARAM_MARK = 0x35_A9_6C_D3


def contained_rid(holder: str, fragment: str) -> int:
    """The number of `#p1` within `Observation/1`; `#` alone is the holder."""
    return hash64(f"{holder}{fragment}" if len(fragment) > 1 else holder)


def turned_key(key: int) -> int:
    """Where a contained resource has what another would have under this key."""
    return key ^ _KEY_MARK


def turned_param(param: int) -> int:
    return param ^ _PARAM_MARK


def own_id_key(rid: int) -> int:
    """By the type and id that it has within its holder, as the number of a resource of that address."""
    return rid ^ _ID_MARK


def holder_key(key: int) -> int:
    """What a contained resource says of its holder: the type, and each patient's compartment."""
    return key ^ _HOLDER_MARK


def turned(rows: IndexRows, rid: int, address: str, holder: int, holder_keys: Iterable[int]) -> Contained:
    """The rows of a contained resource, from those that it would have alone. `address`: its type and id there."""
    return Contained(
        rid,
        IndexRows(
            None,
            [*map(turned_key, rows.postings), own_id_key(hash64(address)), *map(holder_key, holder_keys)],
            [ReferenceRow(HELD_BY, holder)]
            + [ReferenceRow(turned_param(row.param), row.target) for row in rows.references],
            [StringRow(turned_param(row.param), row.value) for row in rows.strings],
            [DateRow(turned_param(row.param), row.low, row.high) for row in rows.dates],
            [QuantityRow(turned_param(row.param), *row[1:]) for row in rows.quantities],
        ),
    )
