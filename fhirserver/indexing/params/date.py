"""date: every value is the span of instants that it may mean, from its precision; without a zone it is in UTC.

https://hl7.org/fhir/R4/search.html#date
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from fhirserver.indexing.builder import Builder
from fhirserver.indexing.keys import OPEN_HIGH, OPEN_LOW
from fhirserver.instants import instant_range
from fhirserver.outcomes import BadRequest
from fhirserver.rows import DateRow, param_code
from fhirspec.searchparams import Found

Span = tuple[int, int]


@lru_cache(maxsize=65536)
def span_of(text: str) -> Span | None:
    """None for what is no date (data loaded without validation)."""
    try:
        return instant_range("date", text)
    except BadRequest:
        return None


def spans(found: list[Found]) -> Iterator[Span]:
    for kind, value in found:
        if isinstance(value, str):
            span = span_of(value)
            if span:
                yield span
        elif isinstance(value, dict):
            yield from _timing(value) if kind == "Timing" else _period(value)


def _period(value: dict[str, Any]) -> Iterator[Span]:
    start = span_of(value["start"]) if "start" in value else None
    end = span_of(value["end"]) if "end" in value else None
    if start or end:
        yield start[0] if start else OPEN_LOW, end[1] if end else OPEN_HIGH


def _timing(value: dict[str, Any]) -> Iterator[Span]:
    """Only the outer limits count, those of the events and of the bounds together."""
    parts = [span for span in map(span_of, value.get("event", ())) if span]
    parts += _period(value.get("repeat", {}).get("boundsPeriod", {}))
    if parts:
        yield min(low for low, _ in parts), max(high for _, high in parts)


def index(into: Builder, resource_type: str, code: str, found: list[Found]) -> None:
    param = param_code(resource_type, code)
    into.dates.update([DateRow(param, low, high) for low, high in spans(found)])
