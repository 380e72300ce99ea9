"""The same request with several credentials: what each was answered, and what only some of them see."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

MOST_DIFFERENCES = 50


@dataclass(frozen=True)
class Column:
    """One credential's answer. `total` is the Bundle's count, `entries` its resources; both None for anything else."""

    label: str
    status: int
    reason: str
    duration: float
    size: int
    total: int | None
    entries: int | None
    why: str


@dataclass(frozen=True)
class Difference:
    """A resource or element that not everybody was shown. `seen` has one answer for each column."""

    what: str
    seen: tuple[bool, ...]


@dataclass(frozen=True)
class Comparison:
    columns: tuple[Column, ...]
    differences: tuple[Difference, ...]
    left_out: int

    @property
    def same(self) -> bool:
        return len({column.status for column in self.columns}) == 1 and not self.differences


@dataclass(frozen=True)
class Seen:
    """What came back for one credential; `body` is the decoded JSON, None when there is none."""

    label: str
    status: int
    reason: str
    duration: float
    size: int
    body: Any


def compare_answers(answers: Sequence[Seen]) -> Comparison:
    """Columns in the order given; differences are told for resources of a Bundle, else for elements of the resource."""
    shown = [_shown(each) for each in answers]
    everything = list(dict.fromkeys(what for each in shown for what in each))
    told = [Difference(what, tuple(what in each for each in shown)) for what in everything]
    told = [each for each in told if not all(each.seen)]
    return Comparison(
        tuple(_column(each) for each in answers),
        tuple(told[:MOST_DIFFERENCES]),
        max(0, len(told) - MOST_DIFFERENCES),
    )


def _column(seen: Seen) -> Column:
    bundle = seen.body if _kind(seen.body) == "Bundle" else None
    return Column(
        seen.label,
        seen.status,
        seen.reason,
        seen.duration,
        seen.size,
        total=bundle.get("total") if bundle else None,
        entries=len(_resources(bundle)) if bundle else None,
        why=_why(seen.body) if seen.status >= 400 else "",
    )


def _kind(body: Any) -> str:
    return str(body.get("resourceType", "")) if isinstance(body, dict) else ""


def _shown(seen: Seen) -> set[str]:
    """Names of what the answer holds: `Patient/1`, or the elements of a single resource."""
    if seen.status >= 400 or not isinstance(seen.body, dict):
        return set()
    if _kind(seen.body) == "Bundle":
        return {f"{each.get('resourceType')}/{each.get('id')}" for each in _resources(seen.body)}
    return {f"{_kind(seen.body)}.{name}" for name in seen.body if name != "resourceType"}


def _resources(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    entries: Iterable[Any] = bundle.get("entry") or ()
    return [each["resource"] for each in entries if isinstance(each, dict) and each.get("resource")]


def _why(body: Any) -> str:
    """The first issue of an OperationOutcome."""
    issues = body.get("issue") or [{}] if isinstance(body, dict) else [{}]
    first = issues[0]
    return str(first.get("diagnostics") or (first.get("details") or {}).get("text") or "")
