"""Several writers at once, each with a connection of its own; and a database that goes away."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import connections

from fhirserver.connection import raw_connection
from fhirserver.partitions import clear, reserve
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


@pytest.fixture(params=["region_local", pytest.param("region_pg", marks=pytest.mark.postgres)])
def client(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[Client]:
    """Writes are really committed, so that other connections see them; the partition is emptied at the end."""
    partition = reserve(request.param)
    yield Client(partition)
    clear(partition)


def test_no_update_is_lost(client: Client) -> None:
    created = client.create({"resourceType": "Patient"})
    address = f"Patient/{created['id']}"
    statuses: list[int] = []

    def work(number: int) -> None:
        statuses.extend(client.put(address, created).status for _ in range(TIMES))

    together(work)
    written = statuses.count(200)
    assert set(statuses) <= {200, 409}
    assert written > TIMES
    assert client.get(f"{address}/_history").json()["total"] == 1 + written
    assert client.get(address).headers["ETag"] == f'W/"{1 + written}"'


def test_of_writers_that_saw_the_same_version_one_succeeds(client: Client) -> None:
    created = client.create({"resourceType": "Patient"})
    address = f"Patient/{created['id']}"
    statuses: list[int] = []
    together(lambda _: statuses.append(client.put(address, created, if_match='W/"1"').status))
    assert sorted(statuses) == [200, *[412] * (WRITERS - 1)]


def test_a_writer_that_dies_leaves_nothing_and_stops_nobody(client: Client) -> None:
    from fhirserver.access import FULL
    from fhirserver.store import Store
    from fhirserver.writing import prepare

    store = Store(client.partition, FULL)

    def die() -> None:
        raw = raw_connection(client.partition.region)
        with store.atomic():
            store.write([prepare(store, {"resourceType": "Patient"}, "ghost", None, "POST")])
            raw.close()

    def work() -> None:
        with pytest.raises(Exception):  # noqa: B017, PT011 (what a closed connection says differs)
            die()
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert client.get("Patient/ghost").status == 404
    assert client.put("Patient/ghost", {"resourceType": "Patient", "id": "ghost"}).status == 201


def test_a_lost_database_gives_503_and_comes_back(client: Client) -> None:
    if client.partition.region != "region_pg":
        pytest.skip("an embedded database is not lost")
    created = client.create({"resourceType": "Patient"})
    connections["region_pg"].close()
    settings = connections["region_pg"].settings_dict
    port, settings["PORT"] = settings["PORT"], "1"
    try:
        answered = client.get(f"Patient/{created['id']}")
    finally:
        settings["PORT"] = port
    assert answered.status == 503
    assert answered.json()["issue"][0]["code"] == "transient"
    assert answered.headers["Retry-After"]
    assert client.get(f"Patient/{created['id']}").status == 200
