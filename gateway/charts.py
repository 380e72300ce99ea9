"""Charts as data for SVG: columns over time. Pure functions; the template draws, the table behind it holds the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from gateway.models import LATENCY_BUCKETS

WIDTH, HEIGHT = 600, 120
COLUMNS = 60


class Tallied(NamedTuple):
    """What was counted in the minute or hour from `start` on, as a row of the database: a day has 1,440."""

    start: datetime
    requests: int
    client_errors: int
    server_errors: int
    throttled: int
    sent: int
    latencies: list[int]


@dataclass(frozen=True)
class Spot:
    """One span of time. Latencies are in milliseconds, None without requests."""

    start: datetime
    requests: int
    client_errors: int
    server_errors: int
    throttled: int
    sent: int
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True)
class Column:
    """A rectangle in the chart's own units (0,0 is the upper left corner), and what it says. Texts: templates localise numbers, a
    thousand on a page.
    """

    x: str
    y: str
    width: str
    height: str
    title: str


@dataclass(frozen=True)
class Chart:
    title: str
    unit: str
    top: float
    columns: list[Column]


def percentile(latencies: Sequence[int], share: float) -> float | None:
    """The upper end of the bucket in which that share of the answers is reached, in milliseconds."""
    total = sum(latencies)
    if not total:
        return None
    seen = 0
    for count, end in zip(latencies, (*LATENCY_BUCKETS, LATENCY_BUCKETS[-1]), strict=True):
        seen += count
        if seen >= share * total:
            return float(end)
    return float(LATENCY_BUCKETS[-1])


def gather(counts: Sequence[Tallied], until: datetime, span: timedelta, columns: int = COLUMNS) -> list[Spot]:
    """The counts of `span` up to `until` in equal parts, oldest first, empty ones included."""
    step = span / columns
    groups: list[list[Tallied]] = [[] for _ in range(columns)]
    begin = until - span
    for one in counts:
        index = int((one.start - begin) / step)
        if 0 <= index < columns:
            groups[index].append(one)
    return [_spot(begin + step * index, group) for index, group in enumerate(groups)]


def _spot(start: datetime, group: Sequence[Tallied]) -> Spot:
    latencies = [sum(parts) for parts in zip(*(one.latencies for one in group), strict=True)] or [0]
    full = latencies if len(latencies) > 1 else [0] * (len(LATENCY_BUCKETS) + 1)
    return Spot(
        start,
        sum(one.requests for one in group),
        sum(one.client_errors for one in group),
        sum(one.server_errors for one in group),
        sum(one.throttled for one in group),
        sum(one.sent for one in group),
        percentile(full, 0.5),
        percentile(full, 0.95),
        percentile(full, 0.99),
    )


def draw(title: str, unit: str, values: Sequence[tuple[datetime, float | None]]) -> Chart:
    top = max((value or 0 for _, value in values), default=0)
    width = WIDTH / max(len(values), 1)
    columns = []
    for index, (start, value) in enumerate(values):
        height = (value or 0) / (top or 1) * HEIGHT
        said = f"{start:%-d %b %H:%M}: {value or 0:g} {unit}"
        places = (index * width, HEIGHT - height, width * 0.8, height)
        x, y, wide, high = (f"{place:.2f}" for place in places)
        columns.append(Column(x, y, wide, high, said))
    return Chart(title, unit, top, columns)
