"""Charts as data for SVG: columns over time. Pure functions; the table behind them holds the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from gateway.models import LATENCY_BUCKETS

WIDTH, HEIGHT = 600, 120
COLUMNS = 60
_RECTANGLE = '<rect x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'


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
class Chart:
    """`columns` are the rectangles of an SVG, in the chart's own units (0,0 is the upper left corner), each with what it says."""

    title: str
    unit: str
    top: float
    columns: SafeString


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
    """Written here and not by a template, which takes five times as long for the hundreds of rectangles of a page."""
    top = max((value or 0 for _, value in values), default=0)
    width = WIDTH / max(len(values), 1)
    columns = []
    for index, (start, value) in enumerate(values):
        if value:
            height = value / top * HEIGHT
            said = f"{start:%-d %b %H:%M}: {value:g} {unit}"
            places = (index * width, HEIGHT - height, width * 0.8, height)
            columns.append((*(f"{place:.2f}" for place in places), said))
    return Chart(title, unit, top, format_html_join("", _RECTANGLE, columns))
