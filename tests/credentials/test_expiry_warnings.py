"""Administrators hear of a key's end a week before, a day before and at the end; each once."""

from datetime import timedelta

import pytest
from django.utils import timezone
from time_machine import TimeMachineFixture

from credentials.access import FULL
from credentials.expiry_warnings import warn_of_ending_keys
from credentials.services import create_api_key, revoke_api_key
from deployments.models import Deployment
from portal.models import Notification, Tenant, User


def subjects() -> list[str]:
    return list(Notification.objects.order_by("pk").values_list("subject", flat=True))


@pytest.fixture
def ends(deployment: Deployment, alice: User, time_machine: TimeMachineFixture) -> timedelta:
    time_machine.move_to(timezone.now(), tick=False)
    life = timedelta(days=30)
    create_api_key(deployment, name="Lab", access=FULL, expires=timezone.now() + life, by=alice)
    return life


def test_each_warning_is_given_once(ends: timedelta, time_machine: TimeMachineFixture) -> None:
    assert warn_of_ending_keys() == 0
    for days in (23, 0, 6, 0, 1):
        time_machine.shift(timedelta(days=days))
        warn_of_ending_keys()
    assert subjects() == [
        "The key Lab expires in 7 days",
        "The key Lab expires in 1 day",
        "The key Lab has expired",
    ]
    assert "fsk_" in Notification.objects.get(subject__endswith="has expired").text


def test_revoked_and_short_lived_keys_are_no_news(
    ends: timedelta, deployment: Deployment, alice: User, time_machine: TimeMachineFixture
) -> None:
    revoke_api_key(deployment.api_keys.get(), by=alice)
    soon = timezone.now() + timedelta(hours=20)
    create_api_key(deployment, name="Today", access=FULL, expires=soon, by=alice)
    assert warn_of_ending_keys() == 0
    time_machine.shift(timedelta(days=29, hours=1))
    assert warn_of_ending_keys() == 0


def test_the_keys_of_a_deleted_tenant_are_no_news(
    ends: timedelta, deployment: Deployment, time_machine: TimeMachineFixture
) -> None:
    Tenant.objects.filter(pk=deployment.tenant_id).update(deleted=timezone.now())
    time_machine.shift(timedelta(days=25))
    assert warn_of_ending_keys() == 0
    Tenant.objects.update(deleted=None)
    assert warn_of_ending_keys() == 1
