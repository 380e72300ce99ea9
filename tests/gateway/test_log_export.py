"""The log taken out: as NDJSON and as FHIR AuditEvents, by filters that combine, and kept as long as the plan says."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from deployments.models import Deployment
from fhirspec.validation import validate
from gateway import following
from gateway.audit_keeping import keep_events, set_keeping
from gateway.following import list_requests_after, list_requests_between, list_requests_to_follow
from gateway.models import RequestLog
from gateway.patients import patient_in_query, patient_in_request, patient_in_resource
from gateway.recorder import recorder
from gateway.retention import forget_old_lines
from gateway.selectors import LogPage, each_request
from portal.models import AuditEvent, Membership, Role, Tenant, User
from portal.subscriptions import start_trial, subscribe
from tests.gateway.conftest import Caller

pytestmark = pytest.mark.django_db(databases="__all__")
OBSERVATION = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "Weight"},
    "subject": {"display": "Ada", "reference": "Patient/p1"},
}


@pytest.fixture
def region() -> str:
    """What is taken out of the log does not depend on the store."""
    return "region_local"


@pytest.fixture
def logged(full: Caller, reader: Caller, nobody: Caller) -> None:
    """Two patients, an observation of the first, a search for it, and what was refused."""
    for logical_id in ("p1", "p2"):
        full("PUT", f"Patient/{logical_id}", json.dumps({"resourceType": "Patient", "id": logical_id}))
    full("POST", "Observation", json.dumps(OBSERVATION))
    reader("GET", "Observation?subject=Patient/p1&code=x")
    reader("GET", "Patient/p2")
    reader("DELETE", "Patient/p1")
    nobody("GET", "Patient/p1")
    nobody("GET", "metadata")
    recorder.flush()


def taken(client: Client, name: str, deployment: Deployment, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(reverse(f"logs:{name}", args=[deployment.pk]) + query)
    assert answer.status_code == 200
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    return [json.loads(line) for line in body.splitlines()]


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("", 8),
        ("?patient=p1", 5),
        ("?patient=Patient/p1&status=4", 2),
        ("?patient=p1&interaction=delete&credential=read", 1),
        ("?patient=p1&interaction=delete&credential=full", 0),
        ("?status=2&since=2100-01-01T00:00", 0),
    ],
)
def test_what_the_filters_show_is_exported(
    query: str, paths: int, client: Client, deployment: Deployment, logged: None, alice: User
) -> None:
    client.force_login(alice)
    lines = taken(client, "export", deployment, query)
    assert len(lines) == paths
    assert [line["id"] for line in lines] == sorted(line["id"] for line in lines)


def test_an_exported_line_holds_the_query_and_the_checks(
    client: Client, deployment: Deployment, logged: None, alice: User
) -> None:
    client.force_login(alice)
    (search,) = taken(client, "export", deployment, "?interaction=search-type")
    assert (search["query"], search["patient"]) == ("subject=Patient/p1&code=x", "p1")
    (refused,) = taken(client, "export", deployment, "?status=403")
    assert refused["claims"][0]["received"] == "Read only"
    exported = AuditEvent.objects.filter(action="deployment.log_exported")
    assert [event.after["what"] for event in exported] == ["log", "log"]


def test_access_to_patient_data_becomes_audit_events(
    client: Client, deployment: Deployment, logged: None, alice: User
) -> None:
    client.force_login(alice)
    events = taken(client, "audit-events", deployment)
    assert [event["action"] for event in events] == ["U", "U", "C", "E", "R", "D", "R"]
    assert [event["outcome"] for event in events] == ["0"] * 5 + ["4"] * 2
    for event in events:
        assert validate(event, "AuditEvent") == []
    references = [
        [entity["what"]["reference"] for entity in event["entity"] if "reference" in entity.get("what", {})]
        for event in events
    ]
    assert references[0] == references[5] == ["Patient/p1", "Patient/p1"]
    assert references[2] == references[3] == ["Patient/p1"]


def test_a_token_names_the_person_and_the_patient(
    client: Client, deployment: Deployment, bearer: Any, alice: User
) -> None:
    bearer("patient/Observation.rs", fhir_user="Patient/p9", patient="p9")("GET", "Observation?code=x")
    recorder.flush()
    client.force_login(alice)
    (event,) = taken(client, "audit-events", deployment, "?patient=p9")
    assert [agent["requestor"] for agent in event["agent"]] == [False, True]
    assert event["agent"][1]["who"] == {"reference": "Patient/p9"}


def test_kept_events_are_found_in_the_deployment_itself(
    full: Caller, deployment: Deployment, alice: User
) -> None:
    full("GET", "Patient/before")
    recorder.flush()
    set_keeping(deployment, True, by=alice)
    full("PUT", "Patient/p1", json.dumps({"resourceType": "Patient", "id": "p1"}))
    recorder.flush()
    assert keep_events() == 1
    assert keep_events() == 0
    found = json.loads(full("GET", "AuditEvent?patient=Patient/p1").content)  # type: ignore[attr-defined]
    (entry,) = found["entry"]
    assert entry["resource"]["id"] == f"request-{RequestLog.objects.get(status=201).trace_id}"

    set_keeping(deployment, False, by=alice)
    recorder.flush()
    assert keep_events() == 0


def test_only_administrators_switch_the_events_on(client: Client, deployment: Deployment, bob: User) -> None:
    client.force_login(bob)
    address = reverse("logs:keep-events", args=[deployment.pk])
    for role, status in ((Role.WRITE, 403), (Role.ADMIN, 302)):
        Membership.objects.filter(user=bob).update(role=role)
        assert client.post(address, {"keeps": "yes"}).status_code == status
    assert AuditEvent.objects.get(action="deployment.audit_events").after == {"kept in the deployment": True}


def test_the_plan_says_how_long_lines_are_kept(
    full: Caller, deployment: Deployment, tenant: Tenant, alice: User
) -> None:
    full("GET", "Patient/p1")
    recorder.flush()
    start_trial(tenant, actor=alice)
    with time_machine.travel(timezone.now() + timedelta(days=6)):
        assert forget_old_lines() == 0
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        subscribe(tenant, actor=alice)
        assert forget_old_lines() == 0
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert forget_old_lines() == 1


def test_the_time_of_a_request_is_told_in_parts(
    client: Client, full: Caller, deployment: Deployment, alice: User
) -> None:
    full("GET", "Patient/p1")
    recorder.flush()
    line = RequestLog.objects.get()
    assert line.statements >= 1
    assert 0 < line.statement_time <= line.duration
    client.force_login(alice)
    page = client.get(reverse("logs:trace", args=[deployment.pk, line.trace_id]))
    assert len(page.context["parts"]) == 3
    assert "in the store" in page.content.decode()


@pytest.mark.parametrize(
    ("path", "query", "patient"),
    [
        ("Patient/a-1", "", "a-1"),
        ("Patient/a/_history/3", "", "a"),
        ("Patient/a/Observation", "", "a"),
        ("Patient", "name=Patient/x", ""),
        ("Observation", "patient=a", "a"),
        ("Observation", "subject=http://other.example/fhir/Patient/a", "a"),
        ("Observation", "subject=Group/a", ""),
        ("Observation", "patient.name=x", ""),
        ("Observation/patient", "", ""),
        ("$export", "", ""),
    ],
)
def test_the_patient_is_read_from_path_and_parameters(path: str, query: str, patient: str) -> None:
    assert patient_in_request(path, query) == patient


def test_the_patient_is_read_from_a_resource_and_from_a_form() -> None:
    assert patient_in_resource(json.dumps(OBSERVATION, indent=2).encode()) == "p1"
    assert patient_in_resource(b'{"performer":{"reference":"Patient/p1"}}') == ""
    assert patient_in_resource(b"\xff" * 100_000) == ""
    assert patient_in_query("code=x&patient=p1") == "p1"
    assert patient_in_query("patient=%ff") == ""


def test_a_long_log_is_taken_out_in_pieces_without_loss_where_many_lines_have_one_time(
    deployment: Deployment,
) -> None:
    now = timezone.now()
    lines = [
        RequestLog(
            time=now + timedelta(seconds=number // 4), trace_id=f"{number:016x}", deployment=deployment, method="GET",
            path="Patient", status=200, duration=1, sent=1, reason="allowed",
        )
        for number in range(40)
    ]  # fmt: skip
    RequestLog.objects.bulk_create(reversed(lines))
    taken = [line.trace_id for line in each_request(deployment, {}, 3)]
    assert sorted(taken) == [f"{number:016x}" for number in range(40)]
    assert [int(one, 16) // 4 for one in taken] == sorted(number // 4 for number in range(40))


@pytest.mark.parametrize(
    "read",
    [
        lambda deployment: list(each_request(deployment, {}, 3)),
        lambda deployment: list_requests_after(deployment, {}, 5),
        lambda deployment: list_requests_between(deployment, 5, 30, 3),
    ],
    ids=["whole", "followed", "events"],
)
def test_no_look_at_the_log_sorts_all_of_it(
    deployment: Deployment, read: Callable[[Deployment], object]
) -> None:
    with CaptureQueriesContext(connection) as ran:
        read(deployment)
    with connection.cursor() as cursor:
        for one in ran.captured_queries:
            cursor.execute(f"EXPLAIN QUERY PLAN {one['sql']}")
            assert not [step for *_, step in cursor.fetchall() if "TEMP B-TREE" in step], one["sql"]


def log(deployment: Deployment, *statuses: int) -> None:
    some = {
        "time": timezone.now(),
        "method": "GET",
        "path": "",
        "duration": 1,
        "sent": 1,
        "reason": "allowed",
    }
    RequestLog.objects.bulk_create(
        RequestLog(deployment=deployment, trace_id="f" * 16, status=status, **some) for status in statuses
    )


def test_who_follows_the_log_looks_at_each_line_once(deployment: Deployment) -> None:
    log(deployment, *[200] * 40)
    newest = RequestLog.objects.latest("pk").pk
    page = list_requests_to_follow(deployment, {"status": "404"})
    assert (page.lines, page.newer) == ([], newest)
    log(deployment, *[200] * 10, 404, 200, 200)
    page = list_requests_after(deployment, {"status": "404"}, newest)
    assert [line.status for line in page.lines] == [404]
    assert page.newer == newest + 13
    assert list_requests_after(deployment, {}, newest + 13).lines == []


def test_a_line_that_is_stored_while_the_first_page_is_read_is_followed_by_itself(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(deployment, 200)
    listing = following.list_requests

    def busily(*asked: Any) -> LogPage:
        log(deployment, 404)
        return listing(*asked)

    monkeypatch.setattr(following, "list_requests", busily)
    page = list_requests_to_follow(deployment, {})
    assert [line.status for line in page.lines] == [200]
    assert [line.status for line in list_requests_after(deployment, {}, page.newer or 0).lines] == [404]
