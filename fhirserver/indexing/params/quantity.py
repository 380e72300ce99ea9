"""quantity: the amount under each way to name its unit; UCUM units are converted to their base units.

https://hl7.org/fhir/R4/search.html#quantity
"""

from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Any, NamedTuple

from fhirserver.indexing.builder import Builder
from fhirserver.indexing.keys import HIGHEST, LOWEST, NUMBER, unit_key
from fhirserver.indexing.ucum import UCUM, canonical
from fhirserver.rows import QuantityRow, param_code
from fhirspec.searchparams import Found

CURRENCY = "urn:iso:std:iso:4217"
# What is too large for any number becomes infinite, as it does as a float: it is found above all others.
_UNBOUNDED = Context(prec=28, traps=[])


class Amount(NamedTuple):
    """A value, or all between two, under one way to name the unit."""

    unit: int
    low: float
    high: float


def amounts(found: list[Found]) -> Iterator[Amount]:
    for kind, value in found:
        if not isinstance(value, dict):
            continue
        if kind == "Range":
            yield from _range(value)
        elif kind == "SampledData":
            yield from _sampled(value)
        elif "currency" in value:
            yield from _of(_bounds(value), CURRENCY, value["currency"], "")
        else:
            units = value.get("system", ""), value.get("code", ""), value.get("unit", "")
            yield from _of(_bounds(value), *units)


Bounds = tuple[Decimal, Decimal] | None
_NONE_LOWER, _NONE_HIGHER = Decimal(LOWEST), Decimal(HIGHEST)


def _bounds(quantity: dict[str, Any]) -> Bounds:
    if "value" not in quantity:
        return None
    value = Decimal(quantity["value"])
    comparator = quantity.get("comparator", "")
    if comparator.startswith("<"):
        return _NONE_LOWER, value
    if comparator.startswith(">"):
        return value, _NONE_HIGHER
    return value, value


def _range(value: dict[str, Any]) -> Iterator[Amount]:
    low, high = value.get("low", {}), value.get("high", {})
    ends = _bounds(low), _bounds(high)
    if ends != (None, None):
        bounds = (ends[0][0] if ends[0] else _NONE_LOWER), (ends[1][1] if ends[1] else _NONE_HIGHER)
        named = low if ends[0] else high
        yield from _of(bounds, named.get("system", ""), named.get("code", ""), named.get("unit", ""))


def _sampled(value: dict[str, Any]) -> Iterator[Amount]:
    """From the lowest to the highest sample. https://hl7.org/fhir/R4/datatypes.html#sampleddata"""
    origin = value.get("origin", {})
    samples = []
    for word in str(value.get("data", "")).split():
        try:
            samples.append(Decimal(word) * Decimal(value.get("factor", 1)) + Decimal(origin.get("value", 0)))
        except ArithmeticError:
            continue  # E, U and L stand for what could not be measured
    if samples:
        units = origin.get("system", ""), origin.get("code", ""), origin.get("unit", "")
        yield from _of((min(samples), max(samples)), *units)


def _of(bounds: Bounds, system: str, code: str, unit: str) -> Iterator[Amount]:
    if bounds is None:
        return
    low, high = float(bounds[0]), float(bounds[1])
    yield Amount(NUMBER, low, high)
    for name in {code, unit} - {""}:
        yield Amount(unit_key("code", name), low, high)
    if not system:
        return
    yield Amount(unit_key("system", system), low, high)
    base = canonical(code) if system == UCUM else None
    if base is not None:
        yield Amount(
            unit_key("ucum", base.unit), _scaled(bounds[0], base.factor), _scaled(bounds[1], base.factor)
        )
    elif code:
        yield Amount(unit_key("system|code", system, code), low, high)


def _scaled(value: Decimal, factor: Decimal) -> float:
    return float(value) if value in (_NONE_LOWER, _NONE_HIGHER) else float(_UNBOUNDED.multiply(value, factor))


def index(into: Builder, resource_type: str, code: str, found: list[Found]) -> None:
    param = param_code(resource_type, code)
    into.quantities.update([QuantityRow(param, *amount) for amount in amounts(found)])
