"""Log lines and counts in a control database on PostgreSQL, where the lines are copied in."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, connections, transaction
from django.utils.connection import ConnectionProxy

from gateway import keeping_counts, log_lines, patient_blocks
from gateway.front import Exchange
from gateway.inbound import Inbound
from gateway.keeping_counts import keep
from gateway.models import CredentialHour, DeploymentTotal, HourCount, MinuteCount, PatientBlock, RequestLog
from gateway.tally import Count

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(databases="__all__")]
ALIAS = "region_pg"
MODELS = (RequestLog, PatientBlock, MinuteCount, HourCount, CredentialHour, DeploymentTotal)
HOUR = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def control_database(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with connections[ALIAS].schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)
    for module in (keeping_counts, log_lines, patient_blocks):
        monkeypatch.setattr(module, "connection", ConnectionProxy(connections, ALIAS))
    yield
    with connections[ALIAS].schema_editor() as editor:
        for model in MODELS:
            editor.delete_model(model)


def line(path: str, interaction: str = "read") -> log_lines.Line:
    exchange = Exchange(Inbound({}, "GET", "a" * 12, path, "name=ann", {}, "127.0.0.1"))
    made = log_lines.line_of(exchange, 200, interaction, 900)
    return made._replace(began=1_700_000_000.25, took=0.25)


def test_what_is_stored_is_read_back() -> None:
    paths = ["Patient/1", "a\tb\\c\nd", "\\N", "ä\x00", ""]
    log_lines.store([line(path) for path in paths])
    kept = list(RequestLog.objects.using(ALIAS).order_by("pk"))
    assert [one.path for one in kept] == [path.replace("\x00", "\ufffd") for path in paths]
    assert {(one.query, one.duration, one.sent, one.patient) for one in kept[1:]} == {
        ("name=ann", 250_000, 900, "")
    }
    assert kept[0].patient == "1"
    assert kept[0].time.timestamp() == 1_700_000_000.25


def test_a_line_that_cannot_be_stored_is_an_error_of_the_database() -> None:
    with pytest.raises(DatabaseError), transaction.atomic(using=ALIAS):
        log_lines.store([line("Patient/1"), line("Patient/2", interaction="re\x00ad")])
    assert RequestLog.objects.using(ALIAS).count() == 0


def wait_for_waiting() -> None:
    """Until somebody waits for a lock that another transaction holds."""
    for _ in range(600):
        with connections[ALIAS].cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
                " WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
            )
            if cursor.fetchone() == (1,):
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_no_line_becomes_visible_before_one_with_a_lower_number() -> None:
    is_stored, may_end = threading.Event(), threading.Event()

    def store(path: str, slowly: bool) -> None:
        try:
            with transaction.atomic(using=ALIAS):
                log_lines.store([line(path)])
                if slowly:
                    is_stored.set()
                    assert may_end.wait(30)
        finally:
            connections[ALIAS].close()

    first = threading.Thread(target=store, args=("Patient/first", True))
    second = threading.Thread(target=store, args=("Patient/second", False))
    first.start()
    assert is_stored.wait(30)
    second.start()
    wait_for_waiting()
    seen = RequestLog.objects.using(ALIAS).count()
    may_end.set()
    first.join()
    second.join()
    assert seen == 0
    kept = RequestLog.objects.using(ALIAS).order_by("pk").values_list("path", flat=True)
    assert list(kept) == ["Patient/first", "Patient/second"]


def test_a_patients_lines_are_looked_for_in_the_blocks_that_name_the_patient() -> None:
    patient_blocks._open.clear()
    numbers = range(3 * patient_blocks.LINES)
    log_lines.store([line(f"Patient/p{number}") for number in numbers])
    blocks = PatientBlock.objects.using(ALIAS)
    assert {(len(one.marks), one.oldest, one.newest) for one in blocks.all()} == {
        (4 * patient_blocks.LINES, *[datetime.fromtimestamp(1_700_000_000.25, UTC)] * 2)
    }
    for patient, count in (("p0", 1), (f"p{numbers[-1]}", 1), ("nobody", 0)):
        mark = patient_blocks.mark_of(patient)
        assert blocks.filter(patient_blocks._named(mark)).count() == count


def test_counts_are_added_to_what_is_there() -> None:
    first, second = Count(), Count()
    for count, status, took in ((first, 200, 0.0001), (second, 404, 0.0001), (second, 429, 99.0)):
        count.add(line("Patient/1")._replace(status=status, took=took))
    for count, name in ((first, "Before"), (second, "After")):
        keep(MinuteCount, ("a" * 12, HOUR), count)
        keep(HourCount, ("a" * 12, HOUR), count)
        keep(CredentialHour, ("a" * 12, HOUR, "api-key", "fsk_1"), count, name=name)
        keep(CredentialHour, ("a" * 12, HOUR, "api-key", "fsk_2"), count, name=name)
        keep(DeploymentTotal, ("a" * 12,), count)
    for model, rows in ((MinuteCount, 1), (HourCount, 1), (CredentialHour, 2), (DeploymentTotal, 1)):
        kept = list(model._default_manager.using(ALIAS).values())
        assert len(kept) == rows
        for one in kept:
            assert (one["requests"], one["client_errors"], one["server_errors"], one["throttled"]) == (
                3,
                2,
                0,
                1,
            )
            assert (one["sent"], one["latencies"]) == (2700, [2, *[0] * 14, 1])
    assert set(CredentialHour.objects.using(ALIAS).values_list("name", "hour")) == {("After", HOUR)}
    assert DeploymentTotal.objects.using(ALIAS).get().seconds == pytest.approx(99.0002)
