"""The rules of deployments hold on the server, whatever a form allowed."""

from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from deployments import lifecycle, services
from deployments.models import Deployment, Job, Region, ServiceLevel, State
from portal.models import AuditEvent, Tenant, User
from portal.subscriptions import start_trial, subscribe


@pytest.fixture
def trial(tenant: Tenant, alice: User) -> Tenant:
    start_trial(tenant, actor=alice)
    return tenant


@pytest.fixture
def subscribed(tenant: Tenant, alice: User) -> Tenant:
    subscribe(tenant, actor=alice)
    return tenant


def _create(tenant: Tenant, by: User, **wishes: object) -> Deployment:
    asked = {"name": "Ward 7", "size": "xs", "region": Region.objects.get(name="local"), **wishes}
    return services.create_deployment(tenant=tenant, by=by, **asked)  # type: ignore[arg-type]


def test_creation_queues_a_job_and_is_written_down(trial: Tenant, alice: User) -> None:
    deployment = _create(trial, alice)
    assert deployment.state == State.CREATING
    assert [job.kind for job in deployment.jobs.all()] == ["create"]
    assert deployment.expires is not None
    event = AuditEvent.objects.get(action="deployment.created")
    assert (event.actor, event.tenant) == (alice, trial)


def test_without_a_plan_nothing_is_created(tenant: Tenant, alice: User) -> None:
    with pytest.raises(ValidationError, match="Start the trial or subscribe"):
        _create(tenant, alice)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("wishes", "reason"),
    [
        ({"size": "s"}, "Extra Small only"),
        ({"high_availability": True}, "High availability is not part"),
        ({"size": "gigantic"}, "no such size"),
        ({"name": " "}, "Give the deployment a name"),
        ({"name": "n" * 51}, "50 characters at most"),
        ({"preset": "synthea-9000"}, "no such data set"),
        ({"preset": "synthea-50"}, "choose a larger size"),
    ],
)
def test_a_trial_refuses_what_it_does_not_include(
    trial: Tenant, alice: User, wishes: dict[str, object], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        _create(trial, alice, **wishes)
    assert not Deployment.objects.exists()


def test_a_trial_allows_one_deployment(trial: Tenant, alice: User) -> None:
    _create(trial, alice)
    with pytest.raises(ValidationError, match="allows 1 deployment"):
        _create(trial, alice, name="Ward 8")


def test_a_trial_that_is_over_creates_and_starts_nothing(trial: Tenant, alice: User) -> None:
    deployment = _create(trial, alice)
    Deployment.objects.update(state=State.STOPPED)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        with pytest.raises(ValidationError, match="trial has ended"):
            services.start_deployment(deployment, by=alice)
        with pytest.raises(ValidationError, match="trial has ended"):
            _create(trial, alice, name="Ward 8")


def test_a_name_is_unique_in_its_tenant_whatever_its_case(subscribed: Tenant, alice: User) -> None:
    _create(subscribed, alice)
    with pytest.raises(ValidationError, match="already has a deployment"):
        _create(subscribed, alice, name="ward 7 ")


def test_high_availability_needs_a_region_with_a_standby(subscribed: Tenant, alice: User) -> None:
    with pytest.raises(ValidationError, match="no standby server"):
        _create(subscribed, alice, high_availability=True)
    Region.objects.filter(name="local").update(highly_available=True)
    assert _create(subscribed, alice, high_availability=True).high_availability


def test_a_region_that_is_switched_off_takes_nothing_new(subscribed: Tenant, alice: User) -> None:
    Region.objects.filter(name="local").update(enabled=False)
    with pytest.raises(ValidationError, match="takes no new deployments"):
        _create(subscribed, alice)


def test_orders_are_refused_while_work_goes_on(deployment: Deployment, alice: User) -> None:
    with pytest.raises(lifecycle.NotAllowed):
        services.stop_deployment(deployment, by=alice)
    with pytest.raises(lifecycle.NotAllowed):
        services.delete_deployment(deployment, "Ward 7", by=alice)
    assert not Job.objects.exists()


def test_deleting_needs_the_typed_name(deployment: Deployment, alice: User) -> None:
    Deployment.objects.update(state=State.RUNNING)
    with pytest.raises(ValidationError):
        services.delete_deployment(deployment, "Ward 8", by=alice)
    services.delete_deployment(deployment, "Ward 7", by=alice)
    deployment.refresh_from_db()
    assert deployment.state == State.DELETING


def test_the_service_level_is_a_label_and_changes_at_once(deployment: Deployment, alice: User) -> None:
    services.change_service_level(deployment, ServiceLevel.LIVE, by=alice)
    deployment.refresh_from_db()
    assert deployment.service_level == ServiceLevel.LIVE
    assert AuditEvent.objects.get().before == {"service_level": "development"}
