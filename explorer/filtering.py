"""The field for `_filter`: examples of the type at hand, and a fault shown at its character.

https://hl7.org/fhir/R4/search_filter.html
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from explorer.bench import Bench
from explorer.building.fields import COMMON_CODES, SearchParameterFacts
from explorer.models import ForeignServer
from explorer.searching import parameters_of
from fhirserver.partitions import Partition
from fhirserver.search.filter_check import check_filter

_WORD = re.compile(r"[^\s()\[\]]+|\S")


@dataclass(frozen=True)
class ShownFault:
    """An expression cut at its fault: `at` is the word that is wrong, empty at the end of the text."""

    message: str
    before: str = ""
    at: str = ""
    after: str = ""


@dataclass(frozen=True)
class FilterField:
    """`values`: the expressions, an empty one where there is none."""

    values: tuple[str, ...]
    fault: ShownFault | None
    examples: tuple[str, ...]


def filter_field(bench: Bench, values: Sequence[str]) -> FilterField:
    faults = (find_fault(bench, value) for value in values)
    return FilterField(
        tuple(values) or ("",), next((each for each in faults if each), None), filter_examples(bench)
    )


def find_fault(bench: Bench, text: str) -> ShownFault | None:
    """What the server will refuse of an expression. Of a server elsewhere only the syntax is known."""
    fault = check_filter(bench.resource_type, text, _partition(bench)) if text.strip() else None
    if fault is None:
        return None
    if not fault.place:
        return ShownFault(fault.message, text)
    start = fault.place - 1
    word = _WORD.match(text, start)
    end = word.end() if word else len(text)
    return ShownFault(fault.message, text[:start], text[start:end], text[end:])


def _partition(bench: Bench) -> Partition | None:
    target = bench.deployment
    if isinstance(target, ForeignServer) or target.partition is None or not bench.resource_type:
        return None
    return Partition(target.region.database, target.partition)


def filter_examples(bench: Bench) -> tuple[str, ...]:
    """Expressions that this type's own parameters make possible, simple ones first."""
    known = [each for each in parameters_of(bench) if each.supported]
    date, text = _first(known, "date"), _first(known, "string")
    code = next((each for each in _ordered(known) if each.kind == "token" and each.codes), None)
    found = []
    if text:
        found.append(f"{text.code} co {json.dumps(text.example)}")
    if code and date:
        found.append(f"{date.code} ge 2024-01-01 and not ({code.code} eq {code.codes[0][0]})")
    patient = next(
        (each for each in _ordered(known) if each.kind == "reference" and "Patient" in each.targets), None
    )
    if patient:
        found.append(f'{patient.code}:Patient.name sw "eve" or {patient.code}:Patient.birthdate lt 1980')
        found.append(f"{patient.code}:Patient[gender eq female].birthdate lt 1980")
    found.append("_lastUpdated ge 2024-01-01 and (_id ne example or _tag pr false)")
    return tuple(found)


def _first(known: Sequence[SearchParameterFacts], kind: str) -> SearchParameterFacts | None:
    return next((each for each in _ordered(known) if each.kind == kind and each.code[0] != "_"), None)


def _ordered(known: Sequence[SearchParameterFacts]) -> list[SearchParameterFacts]:
    common = {code: place for place, code in enumerate(COMMON_CODES)}
    return sorted(known, key=lambda each: common.get(each.code, len(common)))
