"""What log lines add up to: the counts of each minute and hour, each credential's hour and each deployment, and the keys' last use."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from django.db import transaction

from credentials.services import record_use
from gateway.decisions import Reason
from gateway.keeping_counts import keep
from gateway.log_lines import Line
from gateway.models import ADDED, LATENCY_BUCKETS, CredentialHour, DeploymentTotal, HourCount, MinuteCount


@dataclass(slots=True)
class Count:
    """Sums of one key. `seconds` is how long all of them took together."""

    requests: int = 0
    client_errors: int = 0
    server_errors: int = 0
    throttled: int = 0
    sent: int = 0
    seconds: float = 0.0
    latencies: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BUCKETS) + 1))

    def add(self, line: Line) -> None:
        self.requests += 1
        self.client_errors += 400 <= line.status < 500
        self.server_errors += line.status >= 500
        self.throttled += line.status == 429
        self.sent += line.sent
        self.seconds += line.took
        self.latencies[bisect_left(LATENCY_BUCKETS, line.took * 1000)] += 1

    def add_all(self, other: "Count") -> None:
        for name in (*ADDED, "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.latencies = [a + b for a, b in zip(self.latencies, other.latencies, strict=True)]


_OfCount = TypeVar("_OfCount", bound=tuple[str | datetime, ...])
_Key = tuple[str, int, str, str, str]  # deployment, minute, kind and identifier of the credential, its name


class Tally:
    """Until it is stored. One count a deployment, minute and credential, from which the coarser ones are summed."""

    def __init__(self) -> None:
        self._counts: dict[_Key, Count] = defaultdict(Count)
        self._uses: dict[int, tuple[float, str]] = {}

    def add(self, lines: Sequence[Line]) -> None:
        for line in lines:
            who = line.credential
            ended = line.began + line.took
            minute = int(ended) // 60
            key = (line.deployment_id, minute, str(who.kind), who.identifier[:80], who.name[:80])
            self._counts[key].add(line)
            # A key that came from where it may not be used was presented, not used.
            if who.secret_id and line.reason is not Reason.KEY_NETWORK:
                self._uses[who.secret_id] = ended, line.address

    def store(self) -> None:
        """One transaction. Raises DatabaseError, and then keeps all."""
        if not self._counts:
            return
        minutes: dict[tuple[str, datetime], Count] = defaultdict(Count)
        hours: dict[tuple[str, datetime], Count] = defaultdict(Count)
        uses: dict[tuple[str, datetime, str, str], Count] = defaultdict(Count)
        totals: dict[tuple[str], Count] = defaultdict(Count)
        names: dict[tuple[str, datetime, str, str], str] = {}
        for (deployment_id, minute, kind, identifier, name), count in self._counts.items():
            hour = _moment(minute // 60 * 3600)
            minutes[deployment_id, _moment(minute * 60)].add_all(count)
            hours[deployment_id, hour].add_all(count)
            uses[deployment_id, hour, kind, identifier].add_all(count)
            names[deployment_id, hour, kind, identifier] = name
            totals[deployment_id,].add_all(count)
        with transaction.atomic():
            for key, count in sorted(minutes.items(), key=_by_key):
                keep(MinuteCount, key, count)
            for key, count in sorted(hours.items(), key=_by_key):
                keep(HourCount, key, count)
            for use, count in sorted(uses.items(), key=_by_key):
                keep(CredentialHour, use, count, name=names[use])
            for of, count in sorted(totals.items(), key=_by_key):
                keep(DeploymentTotal, of, count)
            record_use(
                (secret_id, _moment(ended), address)
                for secret_id, (ended, address) in sorted(self._uses.items())
            )
        self.forget()

    def forget(self) -> None:
        self._counts.clear()
        self._uses.clear()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _by_key(item: tuple[_OfCount, Count]) -> _OfCount:
    """In one order in all processes, or two could wait for each other's rows."""
    return item[0]
