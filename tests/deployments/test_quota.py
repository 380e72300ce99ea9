"""A tenant is warned before a deployment is full."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from deployments import selectors
from deployments.models import Deployment, State
from deployments.quota import warn_of_full
from deployments.sizes import SMALLEST
from fhirserver import bulk, partitions
from fhirserver.partitions import Partition
from portal.models import Notification

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def filling(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Partition:
    """Running, with room for ten resources."""
    monkeypatch.setattr(selectors, "get_size", lambda code: replace(SMALLEST, stored_resources=10))
    partition = partitions.reserve(deployment.region.database)
    Deployment.objects.filter(pk=deployment.pk).update(state=State.RUNNING, partition=partition.number)
    return partition


def load(partition: Partition, first: int, last: int) -> None:
    bulk.load(partition, ({"resourceType": "Patient", "id": f"p{n}"} for n in range(first, last)))


def test_eighty_percent_is_told_once_a_month(filling: Partition, deployment: Deployment) -> None:
    load(filling, 0, 7)
    assert warn_of_full() == 0
    load(filling, 7, 8)
    assert warn_of_full() == 1
    assert warn_of_full() == 0
    notification = Notification.objects.get()
    assert (notification.kind, notification.facts) == (
        "quota.reached",
        {"deployment": deployment.pk, "resources": 8, "limit": 10},
    )
    with time_machine.travel(timezone.now() + timedelta(days=32)):
        assert warn_of_full() == 1
