"""From what the door knows of a request to the rows of its log."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction

from gateway.decisions import CredentialKind, Reason
from gateway.front import Exchange
from gateway.models import RequestLog
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


@dataclass(frozen=True, slots=True)
class Line:
    """`ended` is a Unix time, `took` in seconds. `interaction` is empty when the engine did not say it."""

    ended: float
    took: float
    exchange: Exchange
    interaction: str
    status: int
    sent: int


def store(lines: Sequence[Line]) -> None:
    """One transaction for all of them. Raises DatabaseError."""
    with transaction.atomic():
        adapted = connection.ops.adapt_datetimefield_value
        _insert([_row(line, adapted) for line in lines])


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
    """One statement for a row or for all: taking apart one with thousands of values costs PostgreSQL's driver most of the time."""
    table = connection.ops.quote_name(RequestLog._meta.db_table)
    columns = ", ".join(map(connection.ops.quote_name, _COLUMNS))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(_COLUMNS))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
