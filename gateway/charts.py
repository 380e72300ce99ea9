"""Charts as data for SVG: columns over time. Pure functions; the template draws, the table behind it holds the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.models import LATENCY_BUCKETS
from gateway.models.counted import Counted

WIDTH, HEIGHT = 600, 120
COLUMNS = 60


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
    """A rectangle in the chart's own units (0,0 is the upper left corner), and what it says."""

    x: float
    y: float
    width: float
    height: float
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


def gather(
    counts: Sequence[tuple[datetime, Counted]], until: datetime, span: timedelta, columns: int = COLUMNS
) -> list[Spot]:
    """The counts of `span` up to `until`, each with its beginning, in equal parts, oldest first, empty ones included."""
    step = span / columns
    groups: list[list[Counted]] = [[] for _ in range(columns)]
    begin = until - span
    for at, one in counts:
        index = int((at - begin) / step)
        if 0 <= index < columns:
            groups[index].append(one)
    return [_spot(begin + step * index, group) for index, group in enumerate(groups)]


def _spot(start: datetime, group: Sequence[Counted]) -> Spot:
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
        height = round((value or 0) / (top or 1) * HEIGHT, 2)
        said = f"{start:%-d %b %H:%M}: {value or 0:g} {unit}"
        columns.append(
            Column(round(index * width, 2), round(HEIGHT - height, 2), round(width * 0.8, 2), height, said)
        )
    return Chart(title, unit, top, columns)
