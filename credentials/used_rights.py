"""What a key may do beside what it did. The request log lies above this app: the gateway says what it has seen."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from credentials.access import EVERY_TYPE, INTERACTIONS, Access, AccessKind, chosen
from credentials.models import ApiKey


@dataclass(frozen=True, slots=True)
class Seen:
    """Requests that succeeded with one right. `resource_type` may be `*`: a search or history of the whole system."""

    resource_type: str
    letter: str
    requests: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Observed:
    """`unread` counts requests whose rights their log line does not tell: batches, transactions, operations."""

    since: datetime
    seen: tuple[Seen, ...]
    unread: int


@dataclass(frozen=True, slots=True)
class TypeUse:
    """One line of the comparison: letters of `cruds`."""

    resource_type: str
    granted: str
    used: str
    requests: int
    last: datetime | None

    @property
    def unused(self) -> str:
        return "".join(letter for letter in self.granted if letter not in self.used)


@dataclass(frozen=True, slots=True)
class RightsUse:
    """`narrower` is exactly what was used; None when nothing would be lost, or the log does not tell enough."""

    since: datetime
    lines: tuple[TypeUse, ...]
    unread: int
    narrower: Access | None


Source = Callable[[ApiKey], Observed]
_sources: list[Source] = []


def register_source(source: Source) -> None:
    """Called once, by the app that keeps the request log."""
    _sources[:] = [source]


def rights_use_of(api_key: ApiKey) -> RightsUse:
    """Raises LookupError when no app keeps a log."""
    if not _sources:
        raise LookupError("No request log is registered.")
    return compare(api_key.access, _sources[0](api_key))


def compare(access: Access, observed: Observed) -> RightsUse:
    """Granted against used, by resource type."""
    used: dict[str, str] = {}
    for one in observed.seen:
        letters = used.get(one.resource_type, "") + one.letter
        used[one.resource_type] = "".join(letter for letter in INTERACTIONS if letter in letters)
    granted = set(access.types) if access.kind is AccessKind.CHOSEN else {EVERY_TYPE}
    lines = tuple(
        TypeUse(
            name,
            access.interactions_on(name),
            used.get(name, ""),
            sum(one.requests for one in observed.seen if one.resource_type == name),
            max((one.last for one in observed.seen if one.resource_type == name), default=None),
        )
        for name in sorted(granted | set(used))
    )
    return RightsUse(observed.since, lines, observed.unread, _narrower(access, used, observed.unread))


def _narrower(access: Access, used: dict[str, str], unread: int) -> Access | None:
    if unread or not used:
        return None
    least = chosen(used)
    return least if least.narrows(access) and not access.narrows(least) else None
