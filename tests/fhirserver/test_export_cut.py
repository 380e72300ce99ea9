"""An export holds every write that was stamped before its time, also one that was committed later."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import time_machine
from django.db import connections

from fhirserver.access import FULL
from fhirserver.connection import is_postgresql
from fhirserver.dialect import postgresql, stamps
from fhirserver.dialect.changes import Change
from fhirserver.interactions import transaction as transactions
from fhirserver.operations.export import Export, ExportRequest
from fhirserver.operations.export_cut import wait_for_writes
from fhirserver.store import Store, now_us
from fhirserver.writing import prepare
from fhirspec import json
from tests.fhirserver.client import Answered, Client

WAIT = 60  # seconds after which a test that hangs fails
pytestmark = pytest.mark.django_db(databases=["region_local", "region_pg"], transaction=True)


def in_thread(work: Callable[[], None]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def exported(client: Client, until: int) -> list[str]:
    export = Export(client.partition, FULL, ExportRequest(until=until))
    return [json.decode(line)["id"] for line in export.lines("Patient")]


def test_an_export_waits_for_the_writes_that_belong_to_it(committed: Client) -> None:
    committed.put("Patient/known", {"resourceType": "Patient", "id": "known"})
    store = Store(committed.partition, FULL)
    written, finish, waited = threading.Event(), threading.Event(), threading.Event()

    def write_long() -> None:
        with store.atomic():
            store.write([prepare(store, {"resourceType": "Patient", "id": "late"}, "late", None, "PUT")])
            written.set()
            finish.wait(WAIT)

    writer = in_thread(write_long)
    assert written.wait(WAIT)
    until = now_us() + 1
    assert exported(committed, until) == ["known"]

    def export() -> None:
        wait_for_writes(committed.partition.region, until, settle=0)
        waited.set()

    exporter = in_thread(export)
    # It cannot be over while the writer is not: nothing but the writer's commit ends it.
    assert not waited.wait(0.3)
    finish.set()
    assert waited.wait(WAIT)
    writer.join(WAIT)
    exporter.join(WAIT)
    assert sorted(exported(committed, until)) == ["known", "late"]


@pytest.mark.postgres
def test_a_write_that_is_held_up_before_its_statement_belongs_to_the_next_export(
    committed: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On SQLite nothing can come between a stamp and its statement: the writer holds the lock."""
    if not is_postgresql(committed.partition.region):
        return
    monkeypatch.setattr(stamps, "LATE_US", 100_000)
    store, stamped, go = Store(committed.partition, FULL), threading.Event(), threading.Event()
    write = postgresql.write
    written: list[Sequence[Change]] = []

    def held_up(*given: Any) -> None:
        if not stamped.is_set():
            stamped.set()
            go.wait(WAIT)
        write(*given)

    def write_late() -> None:
        change = prepare(store, {"resourceType": "Patient", "id": "late"}, "late", None, "PUT")
        written.append(store.write([change]))

    monkeypatch.setattr(postgresql, "write", held_up)
    writer = in_thread(write_late)
    assert stamped.wait(WAIT)
    until = now_us() + 1
    wait_for_writes(committed.partition.region, until, settle=0.2)
    assert exported(committed, until) == []
    go.set()
    writer.join(WAIT)
    following = Export(committed.partition, FULL, ExportRequest(since=until))
    assert [json.decode(line)["id"] for line in following.lines("Patient")] == ["late"]
    stored = committed.get("Patient/late").json()
    assert json.decode(written[0][0].content or b"") == stored


@pytest.mark.postgres
@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_writes_that_always_come_late_are_written_all_the_same(
    committed: Client, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(stamps, "LATE_US", -1_000_000)
    entry = {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}}
    answered = committed.post("", {"resourceType": "Bundle", "type": kind, "entry": [entry] * 3})
    assert answered.status == 200, answered.body
    assert committed.get("Patient").json()["total"] == 3


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every write takes too long from its stamp to the database."""
    monkeypatch.setattr(stamps, "FRESH_US", -1)


def shown(resource: dict[str, Any]) -> str:
    return str(resource["meta"]["lastUpdated"])


def test_a_stamp_that_has_become_old_is_renewed_and_answered_as_it_is_stored(
    committed: Client, slow: None
) -> None:
    patient: dict[str, Any] = {
        "resourceType": "Patient",
        "id": "a",
        "extension": [{"url": "u", "valueString": '"lastUpdated":"x"'}],
    }
    before = now_us()
    remove = [{"op": "remove", "path": "/gender"}]
    writes: list[Callable[[], Answered]] = [
        lambda: committed.put("Patient/a", patient),
        lambda: committed.put("Patient/a", {**patient, "gender": "male"}),
        lambda: committed.request("PATCH", "Patient/a", remove, content_type="application/json-patch+json"),
    ]
    for write in writes:
        answered = write()
        stored = committed.get("Patient/a")
        assert answered.status in (200, 201)
        assert shown(answered.json()) == shown(stored.json())
        assert answered.headers["Last-Modified"] == stored.headers["Last-Modified"]
    assert committed.get("Patient/a").json()["extension"] == patient["extension"]
    version = Store(committed.partition, FULL).get("Patient", "a")
    assert version is not None
    assert version.updated > before
    found = committed.get(f"Patient?_lastUpdated={shown(committed.get('Patient/a').json())}").json()
    assert found["total"] == 1


def test_a_transaction_that_took_long_is_stamped_when_it_is_written(
    committed: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = now_us()

    def aged(*given: Any) -> Any:
        change = prepare(*given)
        content = change.content or b""
        # As though preparing the rest had taken a minute.
        said, says = (
            b'"lastUpdated":"' + stamp
            for stamp in (shown(json.decode(content)).encode(), b"2020-01-01T00:00:00.000Z")
        )
        return change._replace(updated=1_577_836_800_000_000, content=content.replace(said, says))

    monkeypatch.setattr(transactions, "prepare", aged)
    entry = {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry] * 3}
    answered = committed.post("", bundle, prefer="return=representation")
    assert answered.status == 200
    for one in answered.json()["entry"]:
        stored = committed.get(f"Patient/{one['resource']['id']}")
        assert (
            shown(stored.json())
            == shown(one["resource"])
            > time.strftime("%Y-%m-%dT", time.gmtime(began // 1_000_000))
        )
        # In a Bundle it is an instant of seconds.
        assert one["response"]["lastModified"][:19] == shown(one["resource"])[:19]


def test_every_kind_of_write_goes_on_while_the_clock_is_behind_that_of_the_database(
    committed: Client,
) -> None:
    patient = {"resourceType": "Patient", "identifier": [{"value": "1"}]}
    entry = {"resource": patient, "request": {"method": "POST", "url": "Patient"}}
    conditional = {**entry, "request": {**entry["request"], "ifNoneExist": "identifier=2"}}
    with time_machine.travel(time.time() - 3600, tick=False):
        created = committed.post("Patient", patient, if_none_exist="identifier=1")
        assert created.status == 201
        assert committed.put("Patient?identifier=1", patient).status == 200
        assert committed.post("Patient", patient).status == 201
        for entries in ([entry] * 3, [entry, conditional]):
            bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
            assert committed.post("", bundle).status == 200
    assert committed.get("Patient?_summary=count").json()["total"] == 7
