"""Mail about ending trials: to whom, when, and once."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from portal.models import Membership, Role, Tenant, User
from portal.subscriptions import start_trial, subscribe
from portal.trial_warnings import warn_trials
from tests.portal.conftest import SignIn
from tests.portal.delivering import deliver_all


@pytest.fixture
def started(tenant: Tenant, alice: User) -> datetime:
    start_trial(tenant, actor=alice)
    return timezone.now()


def subjects() -> list[str]:
    deliver_all()
    return [message.subject for message in mail.outbox]


def every_hour(start: datetime, days: int) -> Iterator[None]:
    for hour in range(days * 24):
        with time_machine.travel(start + timedelta(hours=hour), tick=False):
            yield


def test_a_trial_is_announced_a_week_and_a_day_before_and_at_its_end(started: datetime) -> None:
    for _ in every_hour(started, 33):
        warn_trials()
    assert subjects() == [
        "The trial of Acme Health ends in 7 days",
        "The trial of Acme Health ends in 1 day",
        "The trial of Acme Health has ended",
    ]
    assert {address for message in mail.outbox for address in message.to} == {"alice@example.org"}


def test_late_workers_send_only_the_latest_warning(started: datetime) -> None:
    with time_machine.travel(started + timedelta(days=31)):
        warn_trials()
        warn_trials()
    assert subjects() == ["The trial of Acme Health has ended"]


def test_subscribers_are_left_alone(started: datetime, tenant: Tenant, alice: User) -> None:
    subscribe(tenant, actor=alice)
    with time_machine.travel(started + timedelta(days=29, hours=12)):
        warn_trials()
    assert subjects() == []


def test_mail_goes_to_administrators_who_want_it(
    started: datetime, alice: User, bob: User, sign_in: SignIn
) -> None:
    Membership.objects.filter(user=bob).update(role=Role.ADMIN)
    sign_in(alice).post(reverse("portal:account"), {"name": "Alice"})
    with time_machine.travel(started + timedelta(days=24)):
        warn_trials()
    deliver_all()
    assert [message.to for message in mail.outbox] == [["bob@example.org"]]
