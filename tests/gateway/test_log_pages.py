"""The Logs and Metrics tabs."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from deployments.models import Deployment
from gateway.charts import gather, percentile
from gateway.models import LATENCY_BUCKETS, RequestLog
from gateway.recorder import recorder
from gateway.replay import explorer_address
from portal.models import Membership, Role, User
from tests.gateway.conftest import Caller
from tests.gateway.test_door import PATIENT

pytestmark = pytest.mark.django_db(databases="__all__")
NEEDED = {"index": Role.WRITE, "trace": Role.WRITE, "metrics": Role.READ}


@pytest.fixture
def region() -> str:
    """What the pages show does not depend on the store."""
    return "region_local"


def path_of(name: str, deployment: Deployment) -> str:
    trace = [RequestLog.objects.latest("pk").trace_id] if name == "trace" else []
    return reverse(f"logs:{name}", args=[deployment.pk, *trace])


@pytest.fixture
def logged(full: Caller, nobody: Caller, reader: Caller) -> None:
    """A create, a history with a query, a request without credential, a forbidden one (the last)."""
    full("POST", "Patient", PATIENT)
    full("GET", "Patient/_history?_count=5&name=Chalmers")
    nobody("GET", "Patient")
    reader("POST", "Observation", PATIENT)
    recorder.flush()


@pytest.mark.parametrize("name", NEEDED)
def test_anonymous_people_are_sent_to_sign_in(
    name: str, client: Client, deployment: Deployment, logged: None
) -> None:
    response = client.get(path_of(name, deployment))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", NEEDED)
def test_strangers_find_nothing(
    name: str, client: Client, deployment: Deployment, logged: None, charlie: User
) -> None:
    client.force_login(charlie)
    assert client.get(path_of(name, deployment)).status_code == 404


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", NEEDED)
def test_each_page_opens_from_its_role_on(
    name: str, role: Role, client: Client, deployment: Deployment, logged: None, bob: User
) -> None:
    Membership.objects.filter(user=bob).update(role=role)
    client.force_login(bob)
    assert client.get(path_of(name, deployment)).status_code == (200 if role >= NEEDED[name] else 403)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 4),
        ("status=4", 2),
        ("status=401", 1),
        ("interaction=create", 2),
        ("credential=fsk_", 3),
        ("credential=Read", 1),
        ("status=5", 0),
        ("trace=0000000000000000", 0),
        ("since=2100-01-01T00:00", 0),
        ("until=2100-01-01T00:00", 4),
        ("status=nonsense", 4),
        ("since=nonsense", 4),
        ("before=1", 0),
    ],
)
def test_filters_show_what_fits(
    query: str, count: int, client: Client, deployment: Deployment, logged: None, alice: User
) -> None:
    client.force_login(alice)
    page = client.get(f"{path_of('index', deployment)}?{query}")
    assert len(page.context["page"].lines) == count


def test_a_trace_of_another_deployment_is_not_found(
    client: Client, deployment: Deployment, logged: None, alice: User
) -> None:
    other = Deployment.objects.create(
        tenant=deployment.tenant, name="Other", size="m", region=deployment.region
    )
    client.force_login(alice)
    assert client.get(path_of("trace", deployment).replace(deployment.pk, other.pk)).status_code == 404


def test_a_denial_is_explained_with_the_smallest_right_that_would_pass(
    client: Client, deployment: Deployment, logged: None, alice: User
) -> None:
    client.force_login(alice)
    page = client.get(path_of("trace", deployment)).content.decode()
    assert "its rights do not cover this request" in page
    assert "Observation.c" in page
    assert "Read only" in page


def test_a_request_opens_in_the_explorer_again_without_a_secret(deployment: Deployment, logged: None) -> None:
    line = RequestLog.objects.get(interaction="history-type")
    expected = f"/deployments/{deployment.pk}/api/Patient/?.do=history-type&_count=5&name=Chalmers"
    assert explorer_address(line) == expected
    refused = RequestLog.objects.get(status=401)
    assert explorer_address(refused) == f"/deployments/{deployment.pk}/api/Patient/?.do=search"


def test_the_explorer_page_of_a_logged_request_opens(
    client: Client, deployment: Deployment, logged: None, alice: User
) -> None:
    client.force_login(alice)
    for line in RequestLog.objects.all():
        assert client.get(explorer_address(line)).status_code == 200


def test_metrics_count_what_was_asked(
    client: Client, deployment: Deployment, logged: None, alice: User
) -> None:
    client.force_login(alice)
    page = client.get(path_of("metrics", deployment))
    assert page.context["measures"].totals["requests"] == 4
    assert page.context["measures"].totals["errors"] == 2
    assert page.content.decode().count("<svg") >= 4
    for span in ("24h", "7d", "30d", "nonsense"):
        assert client.get(f"{path_of('metrics', deployment)}?span={span}").status_code == 200


def test_percentiles_come_from_the_buckets() -> None:
    latencies = [0] * (len(LATENCY_BUCKETS) + 1)
    assert percentile(latencies, 0.5) is None
    latencies[0], latencies[4] = 90, 10
    assert percentile(latencies, 0.5) == LATENCY_BUCKETS[0]
    assert percentile(latencies, 0.95) == LATENCY_BUCKETS[4]


def test_empty_times_are_gathered_too() -> None:
    spots = gather([], timezone.now(), timedelta(hours=1))
    assert len(spots) == 60
    assert {spot.requests for spot in spots} == {0}
