"""The hashes under which values are indexed and searched: both sides make them here.

A `variant` says which part of a value is meant, for instance `("code", "male")` or `("system|code", "http://loinc.org", "8310-5")`; its last word is the value.

A key begins with the value, so that all keys of one value lie beside each other in the store: writing a resource that brings its own
identifier touches one page for it, not one for each way to find it.
"""

from functools import lru_cache
from zlib import crc32

from fhirspec.hashing import fresh_hash64, hash64

Variant = tuple[str, ...]

NUMBER = 0
"""The unit of plain numbers, and of quantities when a search names no unit."""

OPEN_LOW, OPEN_HIGH = -(2**62), 2**62
"""A period without start or end, in microseconds."""

LOWEST, HIGHEST = -1.7e308, 1.7e308
"""A quantity without lower or upper bound."""

_VALUE_BITS, _REST_BITS = 24, 40


def _key(value: str, *words: str) -> int:
    """A signed 64-bit number: some bits of the value alone, then some of everything."""
    near = crc32(value.encode("utf-8", "surrogatepass")) & ((1 << _VALUE_BITS) - 1)
    rest = fresh_hash64(value, *words) & ((1 << _REST_BITS) - 1)
    return (near << _REST_BITS | rest) - (1 << 63)


@lru_cache(maxsize=1024)
def type_key(resource_type: str) -> int:
    return _key(resource_type, "type")


@lru_cache(maxsize=16384)
def compartment_key(compartment_type: str, logical_id: str, resource_type: str = "*") -> int:
    """All resources of a type (or of every type) in a compartment."""
    return _key(logical_id, "compartment", compartment_type, resource_type)


def value_key(resource_type: str, code: str, variant: Variant) -> int:
    return _key(variant[-1], resource_type, code, *variant[:-1])


@lru_cache(maxsize=16384)
def present_key(resource_type: str, code: str, target_type: str = "") -> int:
    """The parameter has a value (for a reference: one that points to this type)."""
    return _key(resource_type, code, "present", target_type)


def tuple_hash(resource_type: str, code: str, variant: Variant) -> int:
    """The first component of a composite parameter."""
    return hash64("composite", resource_type, code, *variant)


def tuple_key(first: int, variant: Variant) -> int:
    return _key(variant[-1], "composite", str(first), *variant[:-1])


def tuple_unit(first: int, unit: int) -> int:
    return hash64("composite", str(first), str(unit))


def tuple_param(first: int) -> int:
    """The 32-bit number under which the second component's range lies."""
    return (first & 0xFFFFFFFF) - (1 << 31)


def unit_key(kind: str, *words: str) -> int:
    """`kind`: code (a unit or its code, whatever the system), system, system|code, or ucum (a canonical unit)."""
    return hash64("unit", kind, *words)
