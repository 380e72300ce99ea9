"""From what the door knows of a request to the rows of its log: lines, the minute's counts, the credentials' last use."""

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from credentials.services import record_use
from gateway.decisions import CredentialKind, Reason
from gateway.front import Exchange
from gateway.models import LATENCY_BUCKETS, MinuteCount, RequestLog
from gateway.needs import interaction_and_need
from gateway.patients import patient_in_request
from portal import secrets

_COLUMNS = (
    *(
        "time",
        "trace_id",
        "deployment_id",
        "credential_kind",
        "credential",
        "credential_name",
        "interaction",
        "method",
    ),
    *("path", "query_encrypted", "status", "duration", "sent", "address", "reason", "needed", "claims"),
    *("patient", "decision_time", "statements", "statement_time"),
)
_ROW = f"({', '.join(['%s'] * len(_COLUMNS))})"
_ROWS_A_STATEMENT = 500  # SQLite binds at most 32,766 values

# FHIR interaction to the letter of SMART's scopes.
LETTERS = {
    **dict.fromkeys(("read", "vread", "history-instance"), "r"),
    **dict.fromkeys(
        ("search-type", "search-system", "search-compartment", "history-type", "history-system"), "s"
    ),
    "create": "c",
    "update": "u",
    "patch": "u",
    "delete": "d",
}


@dataclass(frozen=True, slots=True)
class Line:
    """`ended` is a Unix time, `took` in seconds. `interaction` is empty when the engine did not say it."""

    ended: float
    took: float
    exchange: Exchange
    interaction: str
    status: int
    sent: int


@dataclass(slots=True)
class _Count:
    requests: int = 0
    client_errors: int = 0
    server_errors: int = 0
    throttled: int = 0
    sent: int = 0
    latencies: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BUCKETS) + 1))


def store(lines: Sequence[Line]) -> None:
    """One transaction for all of them. Raises DatabaseError."""
    with transaction.atomic():
        adapted = connection.ops.adapt_datetimefield_value
        _insert([_row(line, adapted) for line in lines])


class Tally:
    """What lines add up to, until it is stored: the counts of each minute and the credentials' last use."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, int], _Count] = defaultdict(_Count)
        self._uses: dict[int, tuple[float, str]] = {}

    def add(self, lines: Sequence[Line]) -> None:
        for line in lines:
            count = self._counts[line.exchange.request.deployment_id, int(line.ended) // 60]
            count.requests += 1
            count.client_errors += 400 <= line.status < 500
            count.server_errors += line.status >= 500
            count.throttled += line.status == 429
            count.sent += line.sent
            count.latencies[bisect_left(LATENCY_BUCKETS, line.took * 1000)] += 1
            if line.exchange.credential.secret_id:
                self._uses[line.exchange.credential.secret_id] = line.ended, line.exchange.request.address

    def store(self) -> None:
        """One transaction. Raises DatabaseError, and then keeps all."""
        with transaction.atomic():
            for (deployment_id, minute), count in sorted(self._counts.items()):
                _add_count(deployment_id, datetime.fromtimestamp(minute * 60, UTC), count)
            record_use(
                (secret_id, datetime.fromtimestamp(ended, UTC), address)
                for secret_id, (ended, address) in sorted(self._uses.items())
            )
        self.forget()

    def forget(self) -> None:
        self._counts.clear()
        self._uses.clear()


def _row(line: Line, adapted: Callable[[datetime], Any]) -> tuple[Any, ...]:
    exchange = line.exchange
    request, credential = exchange.request, exchange.credential
    interaction, needed = line.interaction, ""
    if line.status >= 400:
        interaction, needed = interaction_and_need(request.method, request.path)
        needed = exchange.needed or needed
    return (
        adapted(datetime.fromtimestamp(line.ended - line.took, UTC)),
        exchange.trace_id,
        request.deployment_id,
        str(credential.kind),
        credential.identifier[:80],
        credential.name[:80],
        interaction,
        request.method[:10],
        request.path[:300].replace("\x00", "\ufffd"),
        secrets.encrypt(request.query_string) if request.query_string else "",
        line.status,
        int(line.took * 1_000_000),
        line.sent,
        request.address,
        str(exchange.reason),
        needed if line.status == 403 else "",
        _claims(line),
        _patient(exchange),
        int(exchange.decided * 1_000_000),
        exchange.statements,
        int(exchange.statement_seconds * 1_000_000),
    )


def _claims(line: Line) -> str:
    """Of refused requests only; a token whose issuer cannot be asked is one of them."""
    refused = line.status in (401, 403) or line.exchange.reason is Reason.TOKEN
    return json.dumps([asdict(claim) for claim in line.exchange.claims]) if refused else ""


def _patient(exchange: Exchange) -> str:
    """Whom the resource or the request names, else the one to whom the token is confined."""
    request = exchange.request
    named = exchange.patient or patient_in_request(request.path, request.query_string)
    if named or exchange.credential.kind is not CredentialKind.TOKEN:
        return named
    launched = (claim.received for claim in exchange.claims if claim.name == "patient" and claim.passed)
    return next(launched, "")[:64]


def _insert(rows: Sequence[tuple[Any, ...]]) -> None:
    table = connection.ops.quote_name(RequestLog._meta.db_table)
    columns = ", ".join(map(connection.ops.quote_name, _COLUMNS))
    with connection.cursor() as cursor:
        for start in range(0, len(rows), _ROWS_A_STATEMENT):
            part = rows[start : start + _ROWS_A_STATEMENT]
            values = [value for row in part for value in row]
            cursor.execute(
                f"INSERT INTO {table} ({columns}) VALUES {', '.join([_ROW] * len(part))}",
                values,
            )


def _add_count(deployment_id: str, minute: datetime, count: _Count) -> None:
    kept, _ = MinuteCount.objects.select_for_update().get_or_create(
        deployment_id=deployment_id, minute=minute, defaults={"latencies": [0] * len(count.latencies)}
    )
    kept.requests += count.requests
    kept.client_errors += count.client_errors
    kept.server_errors += count.server_errors
    kept.throttled += count.throttled
    kept.sent += count.sent
    kept.latencies = [a + b for a, b in zip(kept.latencies, count.latencies, strict=True)]
    kept.save()
