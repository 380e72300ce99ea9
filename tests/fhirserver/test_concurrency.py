"""Several writers at once, each with a connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections

from tests.fhirserver.client import Client

pytestmark = pytest.mark.django_db(databases=["region_local", "region_pg"], transaction=True)
WRITERS, TIMES = 4, 6


def together(work: Callable[[int], None]) -> None:
    def run(number: int) -> None:
        try:
            work(number)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_no_update_is_lost(committed: Client) -> None:
    created = committed.create({"resourceType": "Patient"})
    address = f"Patient/{created['id']}"
    statuses: list[int] = []

    def work(number: int) -> None:
        statuses.extend(committed.put(address, created).status for _ in range(TIMES))

    together(work)
    written = statuses.count(200)
    assert set(statuses) <= {200, 409}
    assert written > TIMES
    assert committed.get(f"{address}/_history").json()["total"] == 1 + written
    assert committed.get(address).headers["ETag"] == f'W/"{1 + written}"'


def test_of_writers_that_saw_the_same_version_one_succeeds(committed: Client) -> None:
    created = committed.create({"resourceType": "Patient"})
    address = f"Patient/{created['id']}"
    statuses: list[int] = []
    together(lambda _: statuses.append(committed.put(address, created, if_match='W/"1"').status))
    assert sorted(statuses) == [200, *[412] * (WRITERS - 1)]


def test_of_many_conditional_creates_one_creates(committed: Client) -> None:
    patient = {"resourceType": "Patient", "identifier": [{"value": "1"}]}
    statuses: list[int] = []
    together(
        lambda _: statuses.append(committed.post("Patient", patient, if_none_exist="identifier=1").status)
    )
    assert sorted(statuses) == [*[200] * (WRITERS - 1), 201]


def test_transactions_that_write_the_same_in_another_order_all_end(committed: Client) -> None:
    ids = [f"p{number}" for number in range(8)]

    def bundle(order: list[str]) -> dict[str, Any]:
        entries = [
            {
                "resource": {"resourceType": "Patient", "id": one},
                "request": {"method": "PUT", "url": f"Patient/{one}"},
            }
            for one in order
        ]
        return {"resourceType": "Bundle", "type": "transaction", "entry": entries}

    statuses: list[int] = []
    together(
        lambda number: statuses.append(committed.post("", bundle(ids[:: 1 if number % 2 else -1])).status)
    )
    written = statuses.count(200)
    assert set(statuses) <= {200, 409}
    assert {committed.get(f"Patient/{one}").headers["ETag"] for one in ids} == {f'W/"{written}"'}
