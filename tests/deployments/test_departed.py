"""What happens to the deployments of a deleted tenant."""

from datetime import timedelta

import pytest
import time_machine
from django.http import Http404
from django.utils import timezone

from deployments import departed
from deployments.models import Deployment, State
from deployments.selectors import get_deployment_for
from portal.models import AuditEvent, Role, Tenant, User
from portal.services.refusals import Refused
from portal.services.tenants import delete_tenant, restore_tenant


@pytest.fixture
def running(deployment: Deployment) -> Deployment:
    Deployment.objects.update(state=State.RUNNING)
    return deployment


def test_its_deployments_stop_at_once_and_are_hidden(
    running: Deployment, tenant: Tenant, alice: User
) -> None:
    delete_tenant(tenant, actor=alice)
    running.refresh_from_db()
    assert running.state == State.STOPPING
    with pytest.raises(Http404):
        get_deployment_for(alice, running.pk, Role.READ)


def test_it_can_be_restored_for_thirty_days(running: Deployment, tenant: Tenant, alice: User) -> None:
    delete_tenant(tenant, actor=alice)
    with time_machine.travel(timezone.now() + timedelta(days=29)):
        restore_tenant(tenant, actor=alice)
    assert get_deployment_for(alice, running.pk, Role.READ).pk == running.pk
    delete_tenant(tenant, actor=alice)
    with time_machine.travel(timezone.now() + timedelta(days=31)), pytest.raises(Refused):
        restore_tenant(tenant, actor=alice)


def test_after_the_grace_period_deployments_go_and_then_the_tenant(
    running: Deployment, tenant: Tenant, alice: User
) -> None:
    delete_tenant(tenant, actor=alice)
    Deployment.objects.update(state=State.STOPPED)
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        departed.settle()
        running.refresh_from_db()
        assert running.state == State.DELETING
        running.delete()
        departed.settle()
    assert not Tenant.objects.filter(pk=tenant.pk).exists()
    assert AuditEvent.objects.get(action="tenant.purged").target == "Acme Health"
