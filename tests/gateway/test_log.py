"""What is written down of each request, and what never is."""

import itertools
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from credentials.models import ApiKey
from deployments.models import Deployment, UsageDay
from gateway import log_lines
from gateway import recorder as recording
from gateway.log_lines import Line
from gateway.models import MinuteCount, RequestLog
from gateway.recorder import recorder
from gateway.retention import forget_old_lines
from gateway.usage import roll_up_requests
from tests.gateway.conftest import Caller
from tests.gateway.test_door import PATIENT


def flushed() -> list[RequestLog]:
    recorder.flush()
    return list(RequestLog.objects.order_by("pk"))


def test_a_request_is_written_down_with_its_caller_and_outcome(full: Caller, deployment: Deployment) -> None:
    response = full("POST", "Patient", PATIENT)
    (line,) = flushed()
    api_key = ApiKey.objects.get()
    assert (line.deployment_id, line.trace_id) == (deployment.pk, response["X-Request-Id"])
    assert (line.method, line.path, line.status, line.interaction) == ("POST", "Patient", 201, "create")
    assert (line.credential_kind, line.credential, line.credential_name) == (
        "api-key",
        api_key.prefix,
        api_key.name,
    )
    assert (line.address, line.reason) == ("127.0.0.1", "allowed")
    assert line.sent == len(response.content)
    assert 0 < line.duration < 60_000_000
    assert abs(timezone.now() - line.time) < timedelta(seconds=60)


def test_queries_are_encrypted_and_can_be_read_again(full: Caller) -> None:
    full("GET", "Patient/_history?_since=2020-01-01&name=Chalmers")
    (line,) = flushed()
    stored = str(RequestLog.objects.values_list())
    assert "Chalmers" not in stored
    assert line.query == "_since=2020-01-01&name=Chalmers"


def test_bodies_and_secrets_are_stored_nowhere(full: Caller, nobody: Caller) -> None:
    full("POST", "Patient", PATIENT)
    nobody("GET", "Patient", authorization=f"Bearer {full.key}x")
    nobody("GET", "Patient", **{"x-api-key": "my-password"})
    flushed()
    stored = str(list(RequestLog.objects.values_list()))
    assert "Chalmers" not in stored
    assert full.key[20:] not in stored
    assert "my-password" not in stored


def test_a_denial_says_why_and_what_was_expected(nobody: Caller, reader: Caller) -> None:
    nobody("GET", "Patient")
    reader("POST", "Observation", PATIENT)
    missing, forbidden = flushed()
    assert (missing.reason, missing.status, missing.credential) == ("no-credential", 401, "")
    assert missing.interaction == "search-type"
    assert (forbidden.reason, forbidden.status, forbidden.needed) == ("scope", 403, "Observation.c")
    assert forbidden.checked_claims()[0]["received"] == "Read only"


def test_the_last_use_of_a_key_is_noted(full: Caller) -> None:
    full("GET", "Patient/_history")
    flushed()
    api_key = ApiKey.objects.get()
    assert api_key.last_used_at is not None
    assert api_key.last_used_from == "127.0.0.1"


def test_requests_are_counted_by_the_minute(full: Caller, nobody: Caller, deployment: Deployment) -> None:
    for _ in range(3):
        full("GET", "Patient/_history")
    flushed()
    nobody("GET", "Patient")
    flushed()
    counts = MinuteCount.objects.filter(deployment=deployment)
    assert sum(one.requests for one in counts) == 4
    assert sum(one.client_errors for one in counts) == 1
    assert sum(sum(one.latencies) for one in counts) == 4


def test_requests_to_no_deployment_are_not_written_down(full: Caller) -> None:
    full.client.get("/fhir/aaaaaaaaaaaa/r4/Patient")
    assert flushed() == []


def test_lines_wait_when_the_database_is_down(full: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    full("GET", "Patient/_history")

    def down(_: object) -> None:
        raise DatabaseError

    with monkeypatch.context() as patched:
        patched.setattr(recording, "store", down)
        with pytest.raises(DatabaseError):
            recorder.flush()
    assert len(flushed()) == 1


def test_lines_that_come_while_others_are_stored_wait_to_be_stored_together(
    full: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or each transaction would be followed by one for the few lines that came in its time, without an end."""
    batches: list[int] = []

    def store(lines: Sequence[Line]) -> None:
        if len(batches) < 5:
            full("GET", "Patient/_history")
        batches.append(len(lines))

    monkeypatch.setattr(recording, "store", store)
    for _ in range(3):
        full("GET", "Patient/_history")
    assert (recorder.flush(), batches) == (3, [3])
    assert (recorder.flush(), batches) == (1, [3, 1])


def test_a_clean_stop_stores_what_the_last_requests_leave_meanwhile(
    full: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = iter(range(2))

    def store_slowly(lines: Sequence[Line]) -> None:
        log_lines.store(lines)
        for _ in itertools.islice(late, 1):
            full("GET", "Patient/_history")

    monkeypatch.setattr(recording, "store", store_slowly)
    full("GET", "Patient/_history")
    recorder._store_all()
    assert RequestLog.objects.count() == 3
    assert sum(one.requests for one in MinuteCount.objects.all()) == 3


def test_a_clean_stop_gives_up_what_the_database_does_not_take(
    full: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: object) -> None:
        raise DatabaseError

    full("GET", "Patient/_history")
    with monkeypatch.context() as patched:
        patched.setattr(recording, "store", down)
        patched.setattr(connection, "close", lambda: None)
        recorder._store_all()
    assert len(flushed()) == 1


def test_a_full_queue_drops_lines_and_never_delays_a_request(
    full: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "CAPACITY", 2)
    before = recorder.dropped
    statuses = {full("GET", "Patient/_history").status_code for _ in range(5)}
    assert statuses == {200}
    assert recorder.dropped - before == 3
    assert len(flushed()) == 2


def test_old_lines_are_forgotten(full: Caller) -> None:
    full("GET", "Patient/_history")
    full("GET", "Patient/_history")
    old, new = flushed()
    RequestLog.objects.filter(pk=old.pk).update(time=timezone.now() - timedelta(days=31))
    assert forget_old_lines() == 1
    assert list(RequestLog.objects.all()) == [new]


def test_the_requests_of_a_day_are_charged_and_outlive_the_counts(
    full: Caller, deployment: Deployment
) -> None:
    for _ in range(3):
        full("GET", "Patient/_history")
    flushed()
    roll_up_requests()
    roll_up_requests()
    MinuteCount.objects.all().delete()
    roll_up_requests()
    day = UsageDay.objects.get()
    assert (day.requests, day.deployment_id, day.request_price) == (3, deployment.pk, 90)


def test_waiting_lines_are_stored_many_in_a_statement(full: Caller) -> None:
    """SQLite's driver gives way to other threads at each statement: one a row would fight the requests for the interpreter."""
    for _ in range(150):
        full("GET", "Patient/1")
    ran: list[str] = []
    connection.connection.set_trace_callback(ran.append)
    recorder.flush(and_count=False)
    connection.connection.set_trace_callback(None)
    assert len([one for one in ran if one.startswith('INSERT INTO "gateway_requestlog"')]) == 2
    assert RequestLog.objects.count() == 150


def test_a_fault_of_ours_costs_the_lines_that_met_it_and_none_that_come_after(
    full: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def store(lines: Sequence[Line]) -> None:
        raise ValueError("a fault")

    full("GET", "Patient")
    with monkeypatch.context() as patched:
        patched.setattr(recording, "store", store)
        recorder._turn(1)
    assert "lines of the request log were lost" in caplog.text
    full("GET", "Observation")
    recorder._turn(2)
    assert [line.path for line in RequestLog.objects.all()] == ["Observation"]
