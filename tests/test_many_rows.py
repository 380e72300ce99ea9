"""Pages of tenants with much in them: they show a part, and ask as often for two rows as for many."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from credentials.models import ApiKey, ApiKeySecret, ClientSecret, OAuthApplication, ServerUser
from deployments.models import Deployment, Job, JobState, Region, State
from gateway import selectors
from gateway.models import LATENCY_BUCKETS, CredentialHour, HourCount, MinuteCount, RequestLog
from portal.models import AuditEvent, Invitation, Membership, Role, Tenant, User
from portal.subscriptions import subscribe
from smart.servers import integrated_server

Add = Callable[[Deployment, int], None]

pytestmark = pytest.mark.django_db(databases="__all__")
NO_LATENCIES = [0] * (len(LATENCY_BUCKETS) + 1)
FULL = {"kind": "full", "types": {}}


@pytest.fixture
def deployment(tenant: Tenant, alice: User) -> Deployment:
    subscribe(tenant, actor=alice, service="fhir-server")
    return _deployment(tenant, "Ward 7")


def _deployment(tenant: Tenant, name: str) -> Deployment:
    region = Region.objects.get(name="local")
    return Deployment.objects.create(tenant=tenant, name=name, region=region, size="xs", state=State.RUNNING)


@pytest.fixture
def alices(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def _members(deployment: Deployment, number: int) -> None:
    user = User.objects.create(email=f"member{number}@example.org", name=f"Member {number}")
    Membership.objects.create(tenant=deployment.tenant, user=user, role=Role.READ)
    Invitation.objects.create(
        tenant=deployment.tenant, email=f"asked{number}@example.org", secret_hash=str(number), invited_by=user
    )


def _deployments(deployment: Deployment, number: int) -> None:
    _deployment(deployment.tenant, f"Server {number}")


def _keys(deployment: Deployment, number: int) -> None:
    by = User.objects.create(email=f"maker{number}@example.org", name=f"Maker {number}")
    key = ApiKey.objects.create(
        deployment=deployment, name=f"Key {number}", access_granted=FULL, created_by=by
    )
    ApiKeySecret.objects.create(api_key=key, digest=str(number))


def _applications(deployment: Deployment, number: int) -> None:
    server = integrated_server(deployment)
    application = OAuthApplication.objects.create(
        server=server, name=f"App {number}", kind="confidential", client_id=f"client-{number}"
    )
    ClientSecret.objects.create(application=application, digest=str(number))


def _server_users(deployment: Deployment, number: int) -> None:
    ServerUser.objects.create(deployment=deployment, username=f"user{number}", fhir_user=f"Patient/p{number}")


def _jobs(deployment: Deployment, number: int) -> None:
    by = User.objects.create(email=f"asker{number}@example.org", name=f"Asker {number}")
    Job.objects.create(kind="export", deployment=deployment, state=JobState.DONE, requested_by=by)


def _lines(deployment: Deployment, number: int) -> None:
    _line(deployment, number)


def _line(deployment: Deployment, number: int, **more: object) -> RequestLog:
    return RequestLog.objects.create(
        **{  # type: ignore[arg-type]
            "deployment": deployment,
            "time": timezone.now() - timedelta(hours=1) + timedelta(seconds=number),
            "trace_id": f"{number:016x}",
            "method": "GET",
            "path": "Patient",
            "status": 200,
            "duration": 1000,
            "sent": 1,
            "reason": "allowed",
            **more,
        }
    )


def _events(deployment: Deployment, number: int) -> None:
    actor = User.objects.create(email=f"actor{number}@example.org", name=f"Actor {number}")
    AuditEvent.objects.create(
        tenant=deployment.tenant, actor=actor, actor_name=actor.email, action=f"thing.done{number % 2}"
    )


def _counts(deployment: Deployment, number: int) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    CredentialHour.objects.create(
        deployment=deployment, kind="api-key", credential=f"fsk_{number}", name=f"Key {number}", hour=hour,
        requests=number, latencies=NO_LATENCIES,
    )  # fmt: skip
    MinuteCount.objects.create(
        deployment=deployment,
        minute=timezone.now() - timedelta(seconds=number),
        requests=1,
        latencies=NO_LATENCIES,
    )


PAGES = {
    "/tenants/{slug}/members/": (_members, 12),
    "/tenants/{slug}/audit/": (_events, 10),
    "/tenants/{slug}/settings/transfer/": (_members, 9),
    "/deployments/": (_deployments, 12),
    "/deployments/{id}/credentials/": (_keys, 12),
    "/deployments/{id}/oauth/": (_applications, 13),
    "/deployments/{id}/oauth/users/": (_server_users, 11),
    "/deployments/{id}/data/": (_jobs, 11),
    "/deployments/{id}/": (_jobs, 13),
    "/deployments/{id}/logs/": (_lines, 12),
    "/deployments/{id}/logs/?status=2": (_lines, 13),
    "/deployments/{id}/metrics/": (_counts, 13),
    "/deployments/{id}/metrics/?span=30d": (_counts, 14),
}


def _statements(client: Client, address: str) -> int:
    captures = [CaptureQueriesContext(connections[alias]) for alias in ("default", "region_local")]
    with captures[0], captures[1]:
        assert client.get(address).status_code == 200
    return sum(len(capture) for capture in captures)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_as_often_for_many_rows_as_for_two(
    page: str, alices: Client, deployment: Deployment
) -> None:
    add, most = PAGES[page]
    address = page.format(slug=deployment.tenant.slug, id=deployment.pk)
    _fill(add, deployment, range(2))
    alices.get(address)  # what a process reads once
    few = _statements(alices, address)
    _fill(add, deployment, range(2, 30))
    assert _statements(alices, address) == few
    assert few <= most


def _fill(add: Add, deployment: Deployment, numbers: range) -> None:
    for number in numbers:
        add(deployment, number)


def test_members_come_by_pages_and_are_found_by_name(alices: Client, deployment: Deployment) -> None:
    _fill(_members, deployment, range(60))
    address = f"/tenants/{deployment.tenant.slug}/members/"
    first = alices.get(address)
    assert len(first.context["page"].object_list) == 50
    assert "asked1@example.org" in first.content.decode()
    second = alices.get(f"{address}?page=2").content.decode()
    assert "member59@example.org" in second
    assert "asked1@example.org" not in second  # invitations are on the first page
    found = alices.get(f"{address}?q=MEMBER 41").content.decode()
    assert "member41@example.org" in found
    assert "member40@example.org" not in found
    assert "Nobody is called that" in alices.get(f"{address}?q=xyzzy").content.decode()


def test_keys_come_by_pages_and_are_found_by_name_and_beginning(
    alices: Client, deployment: Deployment
) -> None:
    _fill(_keys, deployment, range(60))
    address = f"/deployments/{deployment.pk}/credentials/"
    assert len(alices.get(address).context["page"].object_list) == 50
    key = ApiKey.objects.get(name="Key 7")
    for asked in ("key 7", key.prefix, f"{key.prefix}…", f"{key.prefix}_and-its-secret"):
        assert list(alices.get(address, {"q": asked}).context["page"].object_list) == [key], asked
    assert "No key is called that" in alices.get(f"{address}?q=xyzzy").content.decode()


@pytest.mark.parametrize(
    ("add", "path", "asked", "nothing"),
    [
        (_applications, "oauth/", ("app 41", "CLIENT-41"), "No application is called that"),
        (_server_users, "oauth/users/", ("USER41", "patient/p41"), "Nobody is called that"),
    ],
    ids=["applications", "users"],
)
def test_what_oauth_lists_comes_by_pages_and_is_found(
    alices: Client, deployment: Deployment, add: Add, path: str, asked: tuple[str, ...], nothing: str
) -> None:
    _fill(add, deployment, range(60))
    address = f"/deployments/{deployment.pk}/{path}"
    assert len(alices.get(address).context["page"].object_list) == 50
    assert len(alices.get(f"{address}?page=2").context["page"].object_list) == 10
    for one in asked:
        (found,) = alices.get(address, {"q": one}).context["page"].object_list
        assert str(found).startswith(("App 41 ", "user41 "))
    assert nothing in alices.get(f"{address}?q=xyzzy").content.decode()


def test_deployments_come_by_pages_and_are_found_by_name_and_id(
    alices: Client, deployment: Deployment
) -> None:
    _fill(_deployments, deployment, range(30))
    assert len(alices.get("/deployments/").context["deployments"]) == 24
    assert list(alices.get("/deployments/?q=ward").context["deployments"]) == [deployment]
    assert list(alices.get(f"/deployments/?q={deployment.pk}").context["deployments"]) == [deployment]
    assert "is called that" in alices.get("/deployments/?q=xyzzy").content.decode()


def test_the_audit_log_goes_back_to_its_first_event(alices: Client, deployment: Deployment) -> None:
    _fill(_events, deployment, range(110))
    address = f"/tenants/{deployment.tenant.slug}/audit/"
    seen: list[int] = []
    page = alices.get(address)
    while True:
        seen += [event.pk for event in page.context["events"]]
        if page.context["older"] is None:
            break
        page = alices.get(f"{address}?before={page.context['older']}")
    assert len(seen) == len(set(seen)) == AuditEvent.objects.filter(tenant=deployment.tenant).count()
    assert seen == sorted(seen, reverse=True)


def test_a_filter_that_seldom_fits_looks_back_in_steps(
    alices: Client, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "LOOKED_AT", 20)
    wanted = [_line(deployment, number, status=404 if number in (3, 33) else 200) for number in range(50)]
    address = f"/deployments/{deployment.pk}/logs/?status=404"
    found, steps = [], 0
    before = ""
    while True:
        answer = alices.get(f"{address}{before}")
        page = answer.context["page"]
        found += [line.pk for line in page.lines]
        assert ("Look further back" in answer.content.decode()) == (page.looked_back_to is not None)
        if page.older is None:
            break
        steps += 1
        before = f"&before={page.older}"
    assert found == [wanted[33].pk, wanted[3].pk]
    assert steps == 2


def test_lines_are_listed_by_their_time_each_once(alices: Client, deployment: Deployment) -> None:
    """Two processes store their lines one after the other, however they happened."""
    at = timezone.now()
    for number in range(120):
        _line(deployment, number, time=at - timedelta(seconds=(number * 7) % 40))
    seen, page = [], selectors.list_requests(deployment, {})
    while True:
        seen += [(line.time, line.pk) for line in page.lines]
        if page.older is None:
            break
        page = selectors.list_requests(deployment, {}, page.older)
    assert len(set(seen)) == 120
    assert seen == sorted(seen, reverse=True)


def test_what_is_not_listed_by_credential_is_summed(alices: Client, deployment: Deployment) -> None:
    _fill(_counts, deployment, range(40))
    measures = alices.get(f"/deployments/{deployment.pk}/metrics/").context["measures"]
    listed, others = measures.credentials, measures.other_credentials
    assert [measured.use.requests for measured in listed] == list(range(39, 14, -1))
    assert (others.credentials, others.requests) == (15, sum(range(15)))


def test_weeks_are_drawn_from_whole_hours(alices: Client, deployment: Deployment) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    for back in (0, 5, 6 * 24, 29 * 24, 31 * 24):
        HourCount.objects.create(
            deployment=deployment, hour=hour - timedelta(hours=back), requests=1, latencies=NO_LATENCIES
        )
    address = f"/deployments/{deployment.pk}/metrics/?span="
    for span, requests in (("7d", 3), ("30d", 4)):
        measures = alices.get(f"{address}{span}").context["measures"]
        assert measures.totals["requests"] == requests
        assert measures.spots[-1].requests >= 1
