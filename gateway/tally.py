"""What log lines add up to: the counts of each minute and hour, each credential's hour and each deployment, and the keys' last use."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.db import transaction

from credentials.services import record_use
from gateway.decisions import Reason
from gateway.log_lines import Line
from gateway.models import LATENCY_BUCKETS, CredentialHour, DeploymentTotal, HourCount, MinuteCount


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
        self.seconds += other.seconds
        _sum_into(self, other)


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
        minutes: dict[tuple[str, int], Count] = defaultdict(Count)
        hours: dict[tuple[str, int], Count] = defaultdict(Count)
        uses: dict[tuple[str, int, str, str, str], Count] = defaultdict(Count)
        totals: dict[str, Count] = defaultdict(Count)
        for (deployment_id, minute, kind, identifier, name), count in self._counts.items():
            minutes[deployment_id, minute].add_all(count)
            hours[deployment_id, minute // 60].add_all(count)
            uses[deployment_id, minute // 60, kind, identifier, name].add_all(count)
            totals[deployment_id].add_all(count)
        with transaction.atomic():
            for (deployment_id, minute), count in sorted(minutes.items(), key=lambda item: item[0]):
                _keep_minute(deployment_id, _moment(minute * 60), count)
            for (deployment_id, hour), count in sorted(hours.items(), key=lambda item: item[0]):
                _keep_hour(deployment_id, _moment(hour * 3600), count)
            for use_key, count in sorted(uses.items(), key=lambda item: item[0]):
                _keep_use(use_key, count)
            for deployment_id, count in sorted(totals.items(), key=lambda item: item[0]):
                _keep_total(deployment_id, count)
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


def _empty() -> dict[str, list[int]]:
    return {"latencies": [0] * (len(LATENCY_BUCKETS) + 1)}


def _keep_minute(deployment_id: str, minute: datetime, count: Count) -> None:
    kept, _ = MinuteCount.objects.select_for_update().get_or_create(
        deployment_id=deployment_id, minute=minute, defaults=_empty()
    )
    _sum_into(kept, count)
    kept.save()


def _keep_hour(deployment_id: str, hour: datetime, count: Count) -> None:
    kept, _ = HourCount.objects.select_for_update().get_or_create(
        deployment_id=deployment_id, hour=hour, defaults=_empty()
    )
    _sum_into(kept, count)
    kept.save()


def _keep_use(key: tuple[str, int, str, str, str], count: Count) -> None:
    deployment_id, hour, kind, identifier, name = key
    kept, _ = CredentialHour.objects.select_for_update().get_or_create(
        deployment_id=deployment_id,
        hour=_moment(hour * 3600),
        kind=kind,
        credential=identifier,
        defaults=_empty(),
    )
    kept.name = name
    _sum_into(kept, count)
    kept.save()


def _keep_total(deployment_id: str, count: Count) -> None:
    kept, _ = DeploymentTotal.objects.select_for_update().get_or_create(
        deployment_id=deployment_id, defaults=_empty()
    )
    kept.seconds += count.seconds
    _sum_into(kept, count)
    kept.save()


def _sum_into(kept: MinuteCount | HourCount | CredentialHour | DeploymentTotal | Count, count: Count) -> None:
    kept.requests += count.requests
    kept.client_errors += count.client_errors
    kept.server_errors += count.server_errors
    kept.throttled += count.throttled
    kept.sent += count.sent
    kept.latencies = [a + b for a, b in zip(kept.latencies, count.latencies, strict=True)]
