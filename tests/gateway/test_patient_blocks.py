"""The lines of one patient, and that of one trace, are found in a long log along its one index."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deployments.models import Deployment, Region, State
from gateway import log_lines, patient_blocks, retention, selectors
from gateway.front import Exchange
from gateway.inbound import Inbound
from gateway.models import PatientBlock, RequestLog
from gateway.retention import forget_old_lines
from gateway.trace_ids import new_trace_id
from portal.models import Tenant

pytestmark = pytest.mark.django_db(databases="__all__")
BEGIN = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Blocks and pages of a few lines; nothing left open by another test."""
    monkeypatch.setattr(patient_blocks, "LINES", 7)
    monkeypatch.setattr(selectors, "PAGE", 4)
    monkeypatch.setattr(patient_blocks, "MOST_LINES", 9)
    monkeypatch.setattr(selectors, "LOOKED_AT", 21)
    monkeypatch.setattr(selectors, "_MOST_BLOCKS", 6)
    monkeypatch.setattr(selectors, "_TIMES_AT_ONCE", 3)
    patient_blocks._open.clear()
    yield
    patient_blocks._open.clear()


@pytest.fixture
def deployment(tenant: Tenant) -> Deployment:
    region = Region.objects.get(name="local")
    return Deployment.objects.create(
        tenant=tenant, name="Ward 7", region=region, size="xs", state=State.RUNNING
    )


def line(deployment_id: str, path: str, at: datetime, status: int = 200) -> log_lines.Line:
    exchange = Exchange(Inbound({}, "GET", deployment_id, path, "", {}, "127.0.0.1"))
    made = log_lines.line_of(exchange, status, "read", 900)
    return made._replace(began=at.timestamp(), trace_id=new_trace_id(at.timestamp(), is_inside=False))


@pytest.fixture
def logged(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """200 lines of nobody and of five patients, one of them seldom, stored by three processes one after the other and late."""
    processes: Sequence[dict[str, Any]] = [{}, {}, {}]
    for batch in range(20):
        monkeypatch.setattr(patient_blocks, "_open", processes[batch % 3])
        numbers = [batch * 10 + number for number in range(10)]
        lines = []
        for number in numbers:
            patient = "p-rare" if number in (3, 90, 197) else f"p-{number * 7 % 5}"
            path = "metadata" if number % 11 == 0 else f"Patient/{patient}"
            at = BEGIN + timedelta(seconds=number - (number * 13) % 20)
            lines.append(line(deployment.pk, path, at, 404 if number % 3 else 200))
        log_lines.store(lines)
    return deployment


def walk(deployment: Deployment, filters: dict[str, Any]) -> list[RequestLog]:
    """Page by page to the end."""
    found: list[RequestLog] = []
    before, steps = None, 0
    while True:
        page = selectors.list_requests(deployment, filters, before)
        found += page.lines
        if page.older is None:
            return found
        before, steps = page.older, steps + 1
        assert steps < 100


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"status": "404"},
        {"status": "5"},
        {"since": BEGIN + timedelta(seconds=50)},
        {"until": BEGIN + timedelta(seconds=120)},
        {"since": BEGIN + timedelta(seconds=30), "until": BEGIN + timedelta(seconds=150), "status": "2"},
    ],
)
@pytest.mark.parametrize("patient", ["p-1", "Patient/p-4", "p-rare", "p-nobody"])
def test_each_line_of_a_patient_is_listed_once_newest_first(
    patient: str, others: dict[str, Any], logged: Deployment
) -> None:
    fitting = selectors.filtered_requests(logged, {"patient": patient, **others})
    expected = list(fitting.order_by("-time", "-pk"))
    assert len(expected) > 0 or patient == "p-nobody" or others
    assert walk(logged, {"patient": patient, **others}) == expected


def test_a_page_reads_only_where_the_patient_is_named(logged: Deployment) -> None:
    with CaptureQueriesContext(connection) as ran:
        page = selectors.list_requests(logged, {"patient": "p-rare"})
    assert [one.path for one in page.lines] == ["Patient/p-rare"] * 3
    assert len(ran) == 2  # the blocks, and the lines
    check_plans(ran)


def test_a_page_of_a_patient_that_another_filter_empties_looks_at_so_many_lines(logged: Deployment) -> None:
    with CaptureQueriesContext(connection) as ran:
        page = selectors.list_requests(logged, {"patient": "p-1", "status": "500"})
    assert page.lines == []
    assert page.older
    assert page.looked_back_to
    # Of five blocks, then of more: the blocks, where they end, the lines. The second time in two parts.
    assert len(ran) == 3 + 4
    check_plans(ran)


@pytest.mark.parametrize(
    "filters", [{"trace": True}, {"patient": "p-1"}, {"status": "4"}, {"since": BEGIN}], ids=str
)
def test_the_log_is_read_along_its_one_index(filters: dict[str, Any], logged: Deployment) -> None:
    trace = RequestLog.objects.all()[100].trace_id
    filters = {name: trace if value is True else value for name, value in filters.items()}
    first = selectors.list_requests(logged, filters)
    with CaptureQueriesContext(connection) as ran:
        selectors.list_requests(logged, filters, first.older)
        if "trace" in filters:
            assert selectors.get_request(logged, trace).trace_id == trace
    check_plans(ran)


def check_plans(ran: CaptureQueriesContext) -> None:
    assert len(ran)
    with connection.cursor() as cursor:
        for one in ran.captured_queries:
            if "gateway_" in one["sql"] and one["sql"].startswith("SELECT"):
                cursor.execute(f"EXPLAIN QUERY PLAN {one['sql']}")
                plan = " ".join(step for *_, step in cursor.fetchall())
                assert "SCAN" not in plan, plan
                assert "TEMP B-TREE" not in plan, plan
                if "BETWEEN" in one["sql"]:
                    assert "time>? AND time<?" in plan, plan
                if '"time" IN (' in one["sql"]:
                    assert "time=?" in plan, plan


def test_what_a_transaction_took_back_is_found_when_it_is_stored_again(deployment: Deployment) -> None:
    lines = [line(deployment.pk, "Patient/p-1", BEGIN + timedelta(seconds=number)) for number in range(10)]
    with transaction.atomic():
        log_lines.store(lines)
        transaction.set_rollback(True)
    assert walk(deployment, {}) == []
    log_lines.store(lines)
    assert len(walk(deployment, {"patient": "p-1"})) == 10


def test_two_processes_never_write_into_one_block(deployment: Deployment) -> None:
    log_lines.store([line(deployment.pk, "Patient/p-1", BEGIN)])
    assert patient_blocks._open
    child = os.fork()
    if child == 0:
        os._exit(len(patient_blocks._open))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_lines_of_before_are_found_too(logged: Deployment) -> None:
    expected = walk(logged, {"patient": "p-2"})
    PatientBlock.objects.update(moments=b"")
    assert walk(logged, {"patient": "p-2"}) == []
    migration = import_module("gateway.migrations.0008_moments_of_patients")
    migration.note_patients(apps, connection.schema_editor())
    assert walk(logged, {"patient": "p-2"}) == expected


def test_blocks_are_forgotten_with_their_lines(deployment: Deployment) -> None:
    now = timezone.now()
    for of in (deployment.pk, "gonegonegone"):
        log_lines.store(
            [line(of, "Patient/p-1", now - timedelta(days=200 - 199 * (n // 7))) for n in range(14)]
        )
    assert PatientBlock.objects.count() == 4
    assert forget_old_lines() == 14
    assert PatientBlock.objects.count() == 2
    assert {one.deployment_id for one in RequestLog.objects.all()} == {deployment.pk, "gonegonegone"}


def test_lines_and_blocks_are_forgotten_in_slices(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One statement holds up who stores lines meanwhile for no longer than its slice takes."""
    monkeypatch.setattr(retention, "_BATCH", 10)
    old = timezone.now() - timedelta(days=200)
    log_lines.store([line(deployment.pk, "Patient/p-1", old) for _ in range(25 * patient_blocks.LINES)])
    with CaptureQueriesContext(connection) as ran:
        assert forget_old_lines() == 25 * patient_blocks.LINES
    deleting = [one["sql"] for one in ran.captured_queries if one["sql"].startswith("DELETE")]
    assert Counter(sql.split('"')[1] for sql in deleting) == {
        "gateway_requestlog": 18,
        "gateway_patientblock": 3,
    }
    assert max(sql.count(",") for sql in deleting) == 9
