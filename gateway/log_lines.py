"""From what the door knows of a request to the rows of its log."""

import json
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from django.db import connection, transaction

from gateway import patient_blocks
from gateway.decisions import Claim, Credential, CredentialKind, Reason
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
_AT_ONCE = 100  # rows in one statement on SQLite
_LONGEST_PAUSE = "10s"
_PATIENT = _COLUMNS.index("patient")


class Line(NamedTuple):
    """What the log keeps of a request until it is written; nothing else of the request stays in memory.

    `began` is a Unix time; `took`, `decided` and `statement_seconds` are in seconds. `interaction` is empty when the engine did not say it.
    """

    began: float
    took: float
    trace_id: str
    deployment_id: str
    credential: Credential
    interaction: str
    method: str
    path: str
    query_string: str
    status: int
    sent: int
    address: str
    reason: Reason
    needed: str
    claims: tuple[Claim, ...]
    patient: str
    decided: float
    statements: int
    statement_seconds: float


def line_of(exchange: Exchange, status: int, interaction: str, sent: int) -> Line:
    """Called when the last byte is sent."""
    request = exchange.request
    return Line(
        exchange.began,
        time.perf_counter() - exchange.started,
        exchange.trace_id,
        request.deployment_id,
        exchange.credential,
        interaction,
        request.method,
        request.path,
        request.query_string,
        status,
        sent,
        request.address,
        exchange.reason,
        exchange.needed,
        exchange.claims,
        exchange.patient,
        exchange.decided,
        exchange.statements,
        exchange.statement_seconds,
    )


def store(lines: Sequence[Line]) -> None:
    """One transaction for all of them. Raises DatabaseError."""
    zone = "" if connection.vendor == "sqlite" else "+00"
    rows, by_deployment = [], defaultdict(list)
    for line in lines:
        moment = int(line.began * 1_000_000)
        row = _row(line, _written(moment, zone))
        rows.append(row)
        by_deployment[line.deployment_id].append((moment, row[_PATIENT]))
    with transaction.atomic():
        _wait_for_others()
        _insert(rows)
        patient_blocks.note(by_deployment)


def _wait_for_others() -> None:
    """Until this transaction ends, no other process numbers lines: whoever sees a line then sees each that has a lower number
    (gateway.following). SQLite has one writer anyway. A process that stands still keeps the others waiting for some seconds only.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('idle_in_transaction_session_timeout', %s, true), pg_advisory_xact_lock(%s::regclass::int, 0)",
                [_LONGEST_PAUSE, RequestLog._meta.db_table],
            )


def _written(moment: int, zone: str) -> str:
    """Microseconds of Unix time as Django writes them, which for SQLite is without the time zone and without a fraction of zero, in a tenth of the time."""
    second, fraction = divmod(moment, 1_000_000)
    return f"{_second(second)}.{fraction:06d}{zone}" if fraction else f"{_second(second)}{zone}"


@lru_cache(maxsize=64)
def _second(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M:%S}"


def _row(line: Line, time_written: str) -> tuple[Any, ...]:
    credential, interaction, needed = line.credential, line.interaction, ""
    if line.status >= 400:
        interaction, needed = interaction_and_need(line.method, line.path)
        needed = line.needed or needed
    return (
        time_written,
        line.trace_id,
        line.deployment_id,
        str(credential.kind),
        credential.identifier[:80],
        credential.name[:80],
        interaction,
        line.method[:10],
        line.path[:300].replace("\x00", "\ufffd"),
        secrets.encrypt(line.query_string) if line.query_string else "",
        line.status,
        int(line.took * 1_000_000),
        line.sent,
        line.address,
        str(line.reason),
        needed if line.status == 403 else "",
        _claims(line) if line.status >= 400 else "",
        line.patient or _patient(line),
        int(line.decided * 1_000_000),
        line.statements,
        int(line.statement_seconds * 1_000_000),
    )


def _claims(line: Line) -> str:
    """Of refused requests only; a token whose issuer cannot be asked is one of them."""
    refused = line.status in (401, 403) or line.reason is Reason.TOKEN
    return json.dumps([asdict(claim) for claim in line.claims]) if refused else ""


def _patient(line: Line) -> str:
    """Whom the request names, else the one to whom the token is confined."""
    named = patient_in_request(line.path, line.query_string)
    if named or line.credential.kind is not CredentialKind.TOKEN:
        return named
    launched = (claim.received for claim in line.claims if claim.name == "patient" and claim.passed)
    return next(launched, "")[:64]


def _insert(rows: Sequence[tuple[Any, ...]]) -> None:
    """PostgreSQL's driver needs most of its time to take apart a statement with thousands of values, and copies instead. SQLite's gives way to
    other threads at every statement: each row by itself would be a fight for the interpreter with the requests.
    """
    table = connection.ops.quote_name(RequestLog._meta.db_table)
    columns = ", ".join(map(connection.ops.quote_name, _COLUMNS))
    if connection.vendor == "postgresql":
        copying = f"COPY {table} ({columns}) FROM STDIN"
        with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(copying) as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = f"({', '.join('?' * len(_COLUMNS))})"
    # Without Django's cursor, which would look for each mark of a statement to put SQLite's own in its place: a third of what a line costs.
    with connection.wrap_database_errors:
        for begin in range(0, len(rows), _AT_ONCE):
            some = rows[begin : begin + _AT_ONCE]
            values = ", ".join([marks] * len(some))
            connection.connection.execute(
                f"INSERT INTO {table} ({columns}) VALUES {values}", list(chain.from_iterable(some))
            )
