"""What a key was used for is told from days that are added up as it is from the lines of the log."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from credentials.access import FULL
from credentials.models import ApiKey
from credentials.services import create_api_key
from credentials.used_rights import RightsUse, rights_use_of
from deployments.models import Deployment
from gateway.credential_days import add_up_days
from gateway.decisions import Credential, CredentialKind
from gateway.models import RequestLog, UsedRight
from gateway.retention import forget_old_lines
from gateway.used_rights import add_up_rights
from portal.models import User
from portal.subscriptions import subscribe
from tests.gateway.old_lines import keep, line_at

NOW = datetime(2026, 3, 20, 9, 41, 7, tzinfo=UTC)
REQUESTS = [
    ("read", "GET", "Patient/1", 200),
    ("search-type", "GET", "Observation", 200),
    ("update", "PUT", "Patient/1", 201),
    ("delete", "DELETE", "Condition", 204),
    ("create", "POST", "Person", 200),
    ("batch", "POST", "", 200),
    ("capabilities", "GET", "metadata", 200),
    ("read", "GET", "Encounter/1", 403),
]


@pytest.fixture(params=["local"], ids=["sqlite"])
def region(request: pytest.FixtureRequest) -> str:
    """Where resources are does not matter here."""
    return f"region_{request.param}"


@pytest.fixture
def api_key(deployment: Deployment, alice: User) -> Iterator[ApiKey]:
    """Used for 33 days, on both sides of midnight, beside another key; the log is kept for 30."""
    subscribe(deployment.tenant, actor=alice)
    key, other = (create_api_key(deployment, name=name, access=FULL, by=alice)[0] for name in ("A", "B"))
    ApiKey.objects.update(created=NOW - timedelta(days=40))
    key.refresh_from_db()
    chance = random.Random(3)
    midnight = NOW.replace(day=10, hour=0, minute=0, second=0, microsecond=0)
    times = [NOW - timedelta(days=33) * chance.random() for _ in range(200)]
    times += [midnight + timedelta(seconds=seconds) for seconds in (-0.001, 0, 1)]
    lines = []
    for at in sorted(times):
        who = Credential(CredentialKind.API_KEY, chance.choice([key, key, other]).prefix, "A key")
        interaction, method, path, status = chance.choice(REQUESTS)
        lines.append(
            line_at(
                at,
                deployment.pk,
                who,
                interaction=interaction,
                method=method,
                path=path,
                status=status,
                took=0.002,
            )
        )
    with time_machine.travel(NOW, tick=False):
        keep(lines)
        yield key


def told(api_key: ApiKey) -> RightsUse:
    return rights_use_of(api_key)


def test_days_tell_what_their_lines_tell(api_key: ApiKey) -> None:
    before = told(api_key)
    assert sum(line.requests for line in before.lines) > 50
    assert before.unread > 5
    add_up_days()
    assert add_up_rights() > 25
    assert told(api_key) == before
    # Of the days that are added up no line is read.
    days = RequestLog.objects.filter(time__gte=NOW - timedelta(days=20), time__lt=NOW - timedelta(days=3))
    assert days.delete()[0] > 50
    assert told(api_key) == before


def test_days_are_added_up_once(api_key: ApiKey) -> None:
    assert add_up_rights() == 0
    add_up_days()
    assert add_up_rights() > 0
    rows = list(UsedRight.objects.order_by("pk").values())
    assert add_up_rights() == 0
    assert list(UsedRight.objects.order_by("pk").values()) == rows


def test_what_came_while_nobody_added_up_is_told(api_key: ApiKey) -> None:
    before = told(api_key)
    with time_machine.travel(NOW - timedelta(days=4), tick=False):
        add_up_days()
        add_up_rights()
    assert told(api_key) == before
    # A day within those that were there before anything was added up.
    UsedRight.objects.filter(day__lt=NOW.date() - timedelta(days=12)).delete()
    assert told(api_key) == before


def test_days_go_when_no_key_looks_so_far_back(api_key: ApiKey) -> None:
    add_up_days()
    add_up_rights()
    with time_machine.travel(NOW + timedelta(days=89), tick=False):
        forget_old_lines()
        assert UsedRight.objects.exists()
    with time_machine.travel(NOW + timedelta(days=120), tick=False):
        forget_old_lines()
        assert not UsedRight.objects.exists()
