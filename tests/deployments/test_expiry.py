"""What happens when a trial ends."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from deployments import deletion_warnings, expiry
from deployments.models import Deployment, State
from gateway.endpoints import endpoints
from gateway.front import TRIAL_ENDED
from portal.models import AuditEvent, Notification, Tenant, User
from portal.subscriptions import start_trial, subscribe


@pytest.fixture
def running(deployment: Deployment, tenant: Tenant, alice: User) -> Deployment:
    trial = start_trial(tenant, actor=alice)
    Deployment.objects.update(state=State.RUNNING, expires=trial.expires)
    return deployment


def _state_after(deployment: Deployment, days: int) -> str:
    with time_machine.travel(timezone.now() + timedelta(days=days)):
        expiry.expire()
    deployment.refresh_from_db()
    return deployment.state


def test_nothing_happens_before_the_end(running: Deployment) -> None:
    assert _state_after(running, days=29) == State.RUNNING


def test_the_deployment_stops_at_the_end_and_the_log_says_who_did_it(running: Deployment) -> None:
    assert _state_after(running, days=31) == State.STOPPING
    assert AuditEvent.objects.get(action="deployment.stop").actor_name == "Fireside"


def test_the_data_is_deleted_thirty_days_later(running: Deployment) -> None:
    Deployment.objects.update(state=State.STOPPED)
    assert _state_after(running, days=59) == State.STOPPED
    assert _state_after(running, days=61) == State.DELETING


def test_a_subscription_takes_the_end_away(running: Deployment, tenant: Tenant, alice: User) -> None:
    subscribe(tenant, actor=alice)
    assert _state_after(running, days=31) == State.RUNNING
    assert running.expires is None


def test_callers_are_told_that_the_trial_has_ended(running: Deployment) -> None:
    Deployment.objects.update(state=State.STOPPED)
    endpoints.forget_all()
    assert _answer(running) == "This deployment is stopped."
    Deployment.objects.update(expires=timezone.now() - timedelta(minutes=1))
    endpoints.forget_all()
    assert _answer(running) == TRIAL_ENDED
    # Nobody need ask again in some seconds.
    assert "Retry-After" not in Client().get(f"/fhir/{running.pk}/r4/Patient").headers


def _answer(deployment: Deployment) -> str:
    response = Client().get(f"/fhir/{deployment.pk}/r4/Patient")
    assert response.status_code == 503
    return str(response.json()["issue"][0]["diagnostics"])


def _warned(days: float) -> list[str]:
    with time_machine.travel(timezone.now() + timedelta(days=days)):
        deletion_warnings.warn_of_deletions()
        deletion_warnings.warn_of_deletions()
    return list(Notification.objects.order_by("pk").values_list("subject", flat=True))


def test_before_the_data_is_deleted_administrators_are_told_twice(running: Deployment) -> None:
    Deployment.objects.update(state=State.STOPPED)
    assert _warned(52.9) == []
    assert _warned(53.1) == ["The data of Ward 7 is deleted in 7 days"]
    assert _warned(56) == ["The data of Ward 7 is deleted in 7 days"]
    assert _warned(59.5)[1:] == ["The data of Ward 7 is deleted in 1 day"]
    assert len(_warned(61)) == 2
    assert running.pk in Notification.objects.earliest("pk").text


def test_who_subscribes_is_not_warned_of_a_deletion(running: Deployment, tenant: Tenant, alice: User) -> None:
    subscribe(tenant, actor=alice)
    assert _warned(59.5) == []
