"""Adds a count to its row, or makes the row, in one statement: processes that count the same minute wait for one another, and none reads first."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Protocol

from django.db import connection

from gateway.models import ADDED, LATENCY_BUCKETS, CredentialHour, DeploymentTotal, HourCount, MinuteCount

Kept = type[MinuteCount] | type[HourCount] | type[CredentialHour] | type[DeploymentTotal]

_KEYS: dict[Kept, tuple[str, ...]] = {
    MinuteCount: ("deployment_id", "minute"),
    HourCount: ("deployment_id", "hour"),
    CredentialHour: ("deployment_id", "hour", "kind", "credential"),
    DeploymentTotal: ("deployment_id",),
}


class Counted(Protocol):
    """What is added; `latencies` by LATENCY_BUCKETS and one more, `seconds` for a deployment's total alone."""

    requests: int
    client_errors: int
    server_errors: int
    throttled: int
    sent: int
    seconds: float
    latencies: list[int]


def keep(model: Kept, key: Sequence[str | datetime], count: Counted, name: str = "") -> None:
    """`key` as in _KEYS; `name` is the credential's, which replaces what the row has. Raises DatabaseError."""
    adapted = connection.ops.adapt_datetimefield_value
    values: list[str | datetime | int | float | None] = [
        adapted(one) if isinstance(one, datetime) else one for one in key
    ]
    values += [getattr(count, column) for column in ADDED]
    values.append(json.dumps(count.latencies))
    if model is CredentialHour:
        values.append(name)
    if model is DeploymentTotal:
        values.append(count.seconds)
    with connection.cursor() as cursor:
        cursor.execute(_statement(model, connection.vendor), values)


@lru_cache
def _statement(model: Kept, vendor: str) -> str:
    key = _KEYS[model]
    added = (*ADDED, "seconds") if model is DeploymentTotal else ADDED
    anew = [f"{column} = kept.{column} + excluded.{column}" for column in added]
    anew.append(f"latencies = {_sum_of_latencies(vendor)}")
    columns = [*key, *ADDED, "latencies"]
    if model is CredentialHour:
        columns.append("name")
        anew.append("name = excluded.name")
    if model is DeploymentTotal:
        columns.append("seconds")
    return (
        f"INSERT INTO {model._meta.db_table} AS kept ({', '.join(columns)})"
        f" VALUES ({', '.join(['%s'] * len(columns))})"
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join(anew)}"
    )


def _sum_of_latencies(vendor: str) -> str:
    """Number by number of two JSON arrays."""
    array, number = "json_array", "json_extract({}.latencies, '$[{}]')"
    if vendor == "postgresql":
        array, number = "jsonb_build_array", "({}.latencies ->> {})::bigint"
    places = range(len(LATENCY_BUCKETS) + 1)
    sums = [f"{number.format('kept', place)} + {number.format('excluded', place)}" for place in places]
    return f"{array}({', '.join(sums)})"
