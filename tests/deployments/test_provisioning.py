"""Provisioning really provisions: through the region's store and the gateway, in the states the table allows."""

import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from deployments import endpoint, job_runner, jobs, presets, provisioning, services
from deployments.data_jobs import CLEAR
from deployments.models import Deployment, Job, JobState, Region, State
from deployments.selectors import Use
from fhirserver import partitions
from fhirserver.partitions import Partition
from gateway.endpoints import endpoints
from portal.models import Tenant, User
from portal.subscriptions import subscribe

pytestmark = pytest.mark.django_db(databases=["default", "region_local"])


@pytest.fixture
def created(tenant: Tenant, alice: User, settings: Settings, tmp_path: Path) -> Deployment:
    settings.TRANSFER_DIR = tmp_path
    endpoints.forget_all()
    subscribe(tenant, actor=alice)
    region = Region.objects.get(name="local")
    return services.create_deployment(tenant=tenant, by=alice, name="Ward 7", region=region, size="xs")


def _work(deployment: Deployment) -> Job | None:
    """Do what is queued, as a worker would, and load the deployment again."""
    job = deployment.jobs.filter(state=JobState.QUEUED).first()
    assert job is not None
    job_runner.run(job.pk)
    endpoints.forget_all()
    if not Deployment.objects.filter(pk=deployment.pk).exists():
        return None
    deployment.refresh_from_db()
    job.refresh_from_db()
    return job


def _status(deployment: Deployment) -> int:
    return endpoint._get_metadata(deployment).status_code


def test_a_deployment_runs_only_after_its_endpoint_answered(created: Deployment) -> None:
    assert _status(created) == httpx.codes.SERVICE_UNAVAILABLE
    job = _work(created)
    assert created.state == State.RUNNING
    assert job is not None
    assert [step["state"] for step in job.steps] == ["DONE"] * 4
    assert _status(created) == httpx.codes.OK


def test_a_stopped_endpoint_refuses_and_starts_again_with_its_data(created: Deployment, alice: User) -> None:
    _work(created)
    partition = created.partition
    services.stop_deployment(created, by=alice)
    _work(created)
    assert (created.state, _status(created)) == (State.STOPPED, httpx.codes.SERVICE_UNAVAILABLE)
    services.start_deployment(created, by=alice)
    _work(created)
    assert (created.state, created.partition) == (State.RUNNING, partition)


def test_a_fault_is_shown_and_retried_from_the_step_that_failed(
    created: Deployment, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> Path:
        raise presets.SynthesisFailed("no room on the disk")

    Deployment.objects.update(preloaded_data="synthea-5")
    with monkeypatch.context() as patched:
        patched.setattr(presets, "ensure_generated", broken)
        _work(created)
    assert created.state == State.FAILED
    assert "no room on the disk" in created.state_reason
    partition = created.partition

    Deployment.objects.update(preloaded_data="")
    services.retry_deployment(created, by=alice)
    _work(created)
    assert (created.state, created.state_reason, created.partition) == (State.RUNNING, "", partition)


def test_deleting_drops_the_data_and_forgets_the_deployment(created: Deployment, alice: User) -> None:
    _work(created)
    assert created.partition is not None
    partition = Partition("region_local", created.partition)
    services.delete_deployment(created, "Ward 7", by=alice)
    assert _work(created) is None
    assert partitions.count_resources(partition) == 0


def test_deleting_waits_until_other_work_has_stopped(
    created: Deployment, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    _work(created)
    waiting, running = (jobs.start(CLEAR, created, alice) for _ in range(2))
    lease = timezone.now() + timedelta(minutes=1)
    Job.objects.filter(pk=running.pk).update(state=JobState.RUNNING, lease_until=lease)
    seen: list[tuple[str, bool]] = []

    def other_worker(seconds: float) -> None:
        states = {one.pk: (one.state, one.cancel_requested) for one in created.jobs.all()}
        seen.extend([states[waiting.pk], states[running.pk]])
        Job.objects.filter(pk=running.pk).update(state=JobState.CANCELLED)

    services.delete_deployment(created, "Ward 7", by=alice)
    deletion = created.jobs.get(kind=provisioning.DELETE)
    with monkeypatch.context() as patched:
        patched.setattr(time, "sleep", other_worker)
        job_runner.run(deletion.pk)
    assert not Deployment.objects.filter(pk=created.pk).exists()
    assert seen[:2] == [(JobState.CANCELLED, True), (JobState.RUNNING, True)]


def test_a_new_size_holds_when_the_job_is_done(created: Deployment, alice: User) -> None:
    _work(created)
    services.change_size(created, "m", by=alice)
    assert created.state == State.UPDATING
    assert _status(created) == httpx.codes.OK
    _work(created)
    assert (created.state, created.size) == (State.RUNNING, "m")


def test_a_size_that_is_too_small_for_what_is_stored_is_refused(
    created: Deployment, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    _work(created)
    monkeypatch.setattr(services, "get_use", lambda deployment: Use(2_000_000, 10_000_000))
    with pytest.raises(ValidationError, match="has no room for them"):
        services.change_size(created, "s", by=alice)
    created.refresh_from_db()
    assert created.state == State.RUNNING


@pytest.mark.parametrize(("below", "most"), [("", 12), ("data/", 12), ("settings/", 11)])
def test_the_pages_of_a_deployment_ask_few_queries(
    client: Client,
    created: Deployment,
    alice: User,
    below: str,
    most: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    _work(created)
    client.force_login(alice)
    path = f"/deployments/{created.pk}/{below}"
    client.get(path)
    with django_assert_max_num_queries(most):
        assert client.get(path).status_code == 200
