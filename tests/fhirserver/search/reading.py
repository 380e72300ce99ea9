"""How tests read the pages of a search, and how much the database reads for one."""

import itertools
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from fhirserver import bulk, connection
from fhirserver.connection import is_postgresql, raw_connection
from fhirserver.partitions import Partition
from tests.fhirserver.client import Client


def pages_there_and_back(client: Client, address: str) -> Iterator[list[str]]:
    """The ids of all pages from the first to the last, and then of those back to the first."""
    relation = "next"
    while True:
        bundle = client.get(address).json()
        yield [one["resource"]["id"] for one in bundle.get("entry", [])]
        links = {one["relation"]: one["url"] for one in bundle["link"]}
        if relation == "next" and "next" not in links:
            relation = "prev"
        if relation not in links:
            return
        address = links[relation]


def require_no_more_read(
    partition: Partition, resource: dict[str, Any], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of five costs about as much among 800 resources like this one as among 200."""
    if is_postgresql(partition.region):
        pytest.skip("PostgreSQL does not count its steps")
    # Without look-alikes, whose upkeep runs statements of its own.
    client = Client(partition)
    counted: list[int] = []
    for start in (0, 200, 400, 600):
        bulk.load(partition, [{**resource, "id": f"n{start + number}"} for number in range(200)])
        counted.append(_steps_of(client, address, monkeypatch))
    assert 0 < counted[-1] < counted[0] * 1.2


def _steps_of(client: Client, address: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many steps of its own machine SQLite takes for the statements of a search, in tens."""
    raw, rows = raw_connection(client.partition.region), connection._rows
    asked: list[tuple[str, Any]] = []

    def remembered(region: str, raw: Any, statement: str, parameters: Any) -> Any:
        asked.append((statement, parameters))
        return rows(region, raw, statement, parameters)

    with monkeypatch.context() as patched:
        patched.setattr(connection, "_rows", remembered)
        assert len(client.get(address).json()["entry"]) == 5
    steps = itertools.count()
    assert isinstance(raw, sqlite3.Connection)
    # Whatever is not 0 would stop it.
    raw.set_progress_handler(lambda: next(steps) and 0, 10)
    for statement, parameters in asked:
        raw.execute(statement.replace("%s", "?"), parameters).fetchall()
    raw.set_progress_handler(None, 0)
    return next(steps)
