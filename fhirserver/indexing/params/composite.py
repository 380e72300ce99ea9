"""composite: values that stand together. The first is hashed into the key of the second, so that both must come from one place.

https://hl7.org/fhir/R4/search.html#composite. A part of the expression that is the resource itself needs no rows: its components are
ordinary parameters of the resource, and a search asks for both.
"""

from collections.abc import Iterator

from fhirserver.indexing.builder import Builder
from fhirserver.indexing.keys import NUMBER, Variant, tuple_hash, tuple_key, tuple_param, tuple_unit
from fhirserver.indexing.params import date, quantity, reference, string, token
from fhirserver.rows import DateRow, QuantityRow, StringRow
from fhirspec.searchparams import Found


def index(
    into: Builder, resource_type: str, code: str, kinds: tuple[str, ...], nodes: list[tuple[list[Found], ...]]
) -> None:
    """`kinds`: the types of the components."""
    for first, *others in nodes:
        if not first or not all(others):
            continue
        for variant in _targets(into, first) if kinds[0] == "reference" else token.variants(first):
            key = tuple_hash(resource_type, code, variant)
            if len(others) == 1:
                _second(into, key, kinds[1], others[0])
            else:
                _numbers(into, key, *others)


def _targets(into: Builder, found: list[Found]) -> Iterator[Variant]:
    for _, value in found:
        pointer = reference.pointer_of(value.get("reference", "").removeprefix(into.within.base))
        if pointer is not None:
            yield reference.by_target(pointer)


def _numbers(into: Builder, first: int, starts: list[Found], ends: list[Found]) -> None:
    """Two numbers in one row: the one where a range has its lower, the other where it has its higher end."""
    rows = [
        QuantityRow(tuple_param(first), tuple_unit(first, NUMBER), float(start), float(end))
        for _, start in starts
        for _, end in ends
    ]
    into.quantities.update(rows)


def _second(into: Builder, first: int, kind: str, found: list[Found]) -> None:
    # Some components may hold several types; each value goes where its own type belongs.
    param = tuple_param(first)
    if kind in ("token", "reference"):
        into.postings.update([tuple_key(first, variant) for variant in token.variants(found)])
    if kind == "reference":
        into.postings.update([tuple_key(first, variant) for variant in _targets(into, found)])
    elif kind == "quantity":
        rows = [
            QuantityRow(param, tuple_unit(first, unit), low, high)
            for unit, low, high in quantity.amounts(found)
        ]
        into.quantities.update(rows)
    elif kind == "date":
        into.dates.update([DateRow(param, low, high) for low, high in date.spans(found)])
    elif kind == "string":
        into.strings.update([StringRow(param, string.folded(text)) for text in string.texts(found)])
