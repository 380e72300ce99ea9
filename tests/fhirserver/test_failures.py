"""What happens when a process, a disk or a database fails in the middle of work."""

import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connections

from fhirserver.access import FULL
from fhirserver.connection import raw_connection
from fhirserver.store import Store
from fhirserver.writing import prepare
from tests.fhirserver.client import Answered, Client

pytestmark = pytest.mark.django_db(databases=["region_local", "region_pg"], transaction=True)
GHOST = {"resourceType": "Patient", "id": "ghost"}
WAIT = 60  # seconds after which a test that hangs fails


def _write_ghost(client: Client) -> None:
    store = Store(client.partition, FULL)
    store.write([prepare(store, dict(GHOST), "ghost", None, "POST")])


def _is_unavailable(answered: Answered) -> bool:
    assert answered.json()["issue"][0]["code"] == "transient"
    return answered.status == 503 and bool(answered.headers["Retry-After"])


def test_a_process_killed_in_a_transaction_leaves_nothing_and_stops_nobody(committed: Client) -> None:
    reading, writing = os.pipe()
    connections.close_all()
    child = os.fork()
    if child == 0:
        with Store(committed.partition, FULL).atomic():
            _write_ghost(committed)
            os.write(writing, b"written")
            signal.pause()
    assert os.read(reading, 7) == b"written"
    assert committed.get("Patient/ghost").status == 404
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reading)
    os.close(writing)
    assert committed.get("Patient/ghost").status == 404
    assert "entry" not in committed.get("_history").json()
    assert committed.put("Patient/ghost", GHOST).status == 201


def test_a_connection_that_breaks_in_a_transaction_leaves_nothing(committed: Client) -> None:
    def break_off() -> None:
        raw = raw_connection(committed.partition.region)
        with Store(committed.partition, FULL).atomic():
            _write_ghost(committed)
            raw.close()

    def work() -> None:
        with pytest.raises(Exception):  # noqa: B017, PT011 (what a closed connection says differs)
            break_off()
        connections.close_all()

    _in_thread(work)
    assert committed.get("Patient/ghost").status == 404
    assert committed.put("Patient/ghost", GHOST).status == 201


def _in_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(WAIT)
    assert not thread.is_alive()


def test_a_full_disk_gives_503_and_comes_back(committed: Client) -> None:
    raw = raw_connection(committed.partition.region)
    if not isinstance(raw, sqlite3.Connection):
        pytest.skip("only SQLite can be told how large its disk is")
    known = committed.create({"resourceType": "Patient"})
    large: dict[str, Any] = {"resourceType": "Patient", "name": [{"text": "x" * 50_000}]}
    (pages,) = raw.execute("PRAGMA page_count").fetchone()
    (unlimited,) = raw.execute("PRAGMA max_page_count").fetchone()
    raw.execute(f"PRAGMA max_page_count = {pages + 20}")
    try:
        refused = next(
            one for one in iter(lambda: committed.post("Patient", large), None) if one.status != 201
        )
        stored = committed.get("Patient").json()["total"]
        assert _is_unavailable(refused)
        assert "full" in refused.json()["issue"][0]["diagnostics"]
        entry = {"resource": large, "request": {"method": "POST", "url": "Patient"}}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry] * 5}
        assert _is_unavailable(committed.post("", bundle))
        assert committed.get(f"Patient/{known['id']}").status == 200
        assert committed.get("Patient").json()["total"] == stored
    finally:
        raw.execute(f"PRAGMA max_page_count = {unlimited}")
    assert committed.post("Patient", large).status == 201
    assert committed.get("Patient").json()["total"] == stored + 1


def test_a_database_held_by_another_process_is_no_conflict(committed: Client) -> None:
    raw = raw_connection(committed.partition.region)
    if not isinstance(raw, sqlite3.Connection):
        pytest.skip("PostgreSQL has more than one writer")
    created = committed.create({"resourceType": "Patient"})
    address = f"Patient/{created['id']}"
    (patience,) = raw.execute("PRAGMA busy_timeout").fetchone()
    raw.execute("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(connections[committed.partition.region].settings_dict["NAME"])
    try:
        other.execute("BEGIN IMMEDIATE")
        assert _is_unavailable(committed.put(address, created, if_match='W/"1"'))
        assert committed.get(address).status == 200
    finally:
        other.close()
        raw.execute(f"PRAGMA busy_timeout = {patience}")
    assert committed.put(address, created, if_match='W/"1"').status == 200


_FULL = """CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$"""


def test_a_full_disk_of_postgresql_gives_503_and_comes_back(committed: Client) -> None:
    raw = _postgresql(committed)
    known = committed.create({"resourceType": "Patient"})
    raw.execute(_FULL)
    raw.execute(
        "CREATE TRIGGER full_disk BEFORE INSERT ON fhir_posting FOR EACH ROW EXECUTE FUNCTION full_disk()"
    )
    try:
        entry = {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry] * 5}
        for refused in (committed.post("Patient", {"resourceType": "Patient"}), committed.post("", bundle)):
            assert _is_unavailable(refused)
            assert "full" in refused.json()["issue"][0]["diagnostics"]
        assert committed.get(f"Patient/{known['id']}").status == 200
    finally:
        raw.execute("DROP TRIGGER full_disk ON fhir_posting")
        raw.execute("DROP FUNCTION full_disk")
    assert committed.post("", bundle).status == 200
    assert committed.get("Patient").json()["total"] == 6


def _terminate(region: str, pid: int) -> None:
    settings = connections[region].get_connection_params()
    named = {
        key: settings[key] for key in ("dbname", "user", "password", "host", "port") if settings.get(key)
    }
    with psycopg.connect(**named, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def _postgresql(client: Client) -> psycopg.Connection[Any]:
    raw = raw_connection(client.partition.region)
    if not isinstance(raw, psycopg.Connection):
        pytest.skip("an embedded database has no backends")
    return raw


def test_a_read_survives_a_terminated_backend_and_a_write_is_told(committed: Client) -> None:
    created = committed.create({"resourceType": "Patient"})
    address = f"Patient/{created['id']}"
    _terminate("region_pg", _postgresql(committed).info.backend_pid)
    assert committed.get(address).status == 200
    _terminate("region_pg", _postgresql(committed).info.backend_pid)
    assert _is_unavailable(committed.post("Patient", created))
    assert committed.put(address, created).headers["ETag"] == 'W/"2"'


def test_a_backend_terminated_in_a_transaction_leaves_nothing(committed: Client) -> None:
    raw = _postgresql(committed)
    store = Store(committed.partition, FULL)

    def cut_off() -> None:
        with store.atomic():
            _write_ghost(committed)
            _terminate("region_pg", raw.info.backend_pid)
            _write_ghost(committed)

    with pytest.raises(Exception, match="cannot be reached"):
        cut_off()
    assert committed.get("Patient/ghost").status == 404
    assert committed.put("Patient/ghost", GHOST).status == 201


def test_a_lost_database_gives_503_and_comes_back(committed: Client) -> None:
    _postgresql(committed)
    created = committed.create({"resourceType": "Patient"})
    connections["region_pg"].close()
    settings = connections["region_pg"].settings_dict
    port, settings["PORT"] = settings["PORT"], "1"
    try:
        assert _is_unavailable(committed.get(f"Patient/{created['id']}"))
        assert _is_unavailable(committed.post("Patient", {"resourceType": "Patient"}))
    finally:
        settings["PORT"] = port
    assert committed.get(f"Patient/{created['id']}").status == 200


def test_a_long_writer_does_not_stop_readers(committed: Client) -> None:
    known = committed.create({"resourceType": "Patient", "gender": "female"})
    written, enough = threading.Event(), threading.Event()

    def write_long() -> None:
        with Store(committed.partition, FULL).atomic():
            _write_ghost(committed)
            written.set()
            enough.wait(WAIT)
        connections.close_all()

    writer = threading.Thread(target=write_long)
    writer.start()
    assert written.wait(WAIT)
    try:
        for address in (
            f"Patient/{known['id']}",
            "Patient?gender=female",
            f"Patient/{known['id']}/$everything",
        ):
            assert committed.get(address).status == 200
        assert committed.get("Patient/ghost").status == 404
        assert committed.get("Patient/_history").json()["total"] == 1
        assert writer.is_alive()
    finally:
        enough.set()
        writer.join(WAIT)
    assert committed.get("Patient/ghost").status == 200
