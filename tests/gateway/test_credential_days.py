"""What the metrics tell of credentials is what their lines of the log add up to, whichever days are added up already."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from deployments.models import Deployment
from gateway.credential_days import add_up_days
from gateway.decisions import Credential, CredentialKind
from gateway.measures import SPANS, measure
from gateway.models import CredentialDay, CredentialHour, RequestLog
from gateway.retention import forget_old_lines
from tests.gateway.old_lines import keep, line_at

NOW = datetime(2026, 3, 20, 9, 41, 7, tzinfo=UTC)
CREDENTIALS = [
    Credential(CredentialKind.NONE, "", ""),
    *(Credential(CredentialKind.API_KEY, f"fsk_{n}", f"Key {n}") for n in range(28)),
    # A client id may look like a key's prefix.
    *(Credential(CredentialKind.TOKEN, f"fsk_{n}", f"Practitioner/{n}") for n in range(2)),
]


@pytest.fixture(params=["local"], ids=["sqlite"])
def region(request: pytest.FixtureRequest) -> str:
    """Where resources are does not matter here."""
    return f"region_{request.param}"


def log(deployment: Deployment, times: list[datetime], seed: int) -> None:
    """Names change as time goes by."""
    chance = random.Random(seed)
    lines = []
    for at in times:
        who = chance.choice(CREDENTIALS)
        named = Credential(who.kind, who.identifier, f"{who.name} of {at:%B}" if who.name else "")
        status, took = chance.choice([200, 200, 404, 429, 500]), chance.choice([0.0005, 0.004, 0.05, 2.0])
        lines.append(line_at(at, deployment.pk, named, status=status, took=took))
    keep(lines)


def told(deployment: Deployment, span: str) -> tuple[object, ...]:
    measures = measure(deployment, span)
    return measures.credentials, measures.other_credentials


@pytest.fixture
def logged(deployment: Deployment) -> Deployment:
    """Lines of 33 days, half of them of the last three, some at both sides of midnight."""
    chance = random.Random(1)
    long, lately = timedelta(days=33), timedelta(days=3)
    times = [NOW - chance.choice([long, lately]) * chance.random() for _ in range(250)]
    midnight = NOW.replace(day=10, hour=0, minute=0, second=0, microsecond=0)
    times += [midnight - timedelta(seconds=5), midnight, midnight + timedelta(seconds=5)]
    with time_machine.travel(NOW, tick=False):
        log(deployment, sorted(times), 2)
    return deployment


@pytest.mark.parametrize("span", SPANS)
def test_credentials_are_told_as_their_lines_say(logged: Deployment, span: str) -> None:
    with time_machine.travel(NOW, tick=False):
        before = told(logged, span)
        assert add_up_days() > 20
        assert told(logged, span) == before
        measures = measure(logged, span)
    begin = (NOW - SPANS[span][1]).replace(minute=0, second=0, microsecond=0)
    lines = [line for line in RequestLog.objects.all() if line.time >= begin]
    requests = Counter((line.credential_kind, line.credential) for line in lines)
    errors = Counter((line.credential_kind, line.credential) for line in lines if line.status >= 400)
    throttled = Counter((line.credential_kind, line.credential) for line in lines if line.status == 429)
    names = {
        (line.credential_kind, line.credential): line.credential_name
        for line in sorted(lines, key=lambda line: line.time)
    }
    for measured in measures.credentials:
        use, key = measured.use, (measured.use.kind, measured.use.credential)
        assert (use.requests, use.errors, use.throttled) == (requests[key], errors[key], throttled[key])
        assert use.name == names[key]
        assert sum(use.latencies) == use.requests
    others = measures.other_credentials
    assert sum(one.use.requests for one in measures.credentials) + others.requests == len(lines)
    assert sum(one.use.errors for one in measures.credentials) + others.errors == sum(errors.values())
    assert len(measures.credentials) + others.credentials == len(requests)


def test_days_are_added_up_once_and_only_when_they_have_ended(logged: Deployment) -> None:
    with time_machine.travel(NOW.replace(hour=1), tick=False):
        add_up_days()
        assert CredentialDay.objects.latest("day").day == NOW.date() - timedelta(days=2)
    with time_machine.travel(NOW, tick=False):
        assert [add_up_days(), add_up_days()] == [1, 0]
        days = CredentialDay.objects.values_list("day", "requests")
    counted = Counter(
        line.time.astimezone(UTC).date()
        for line in RequestLog.objects.filter(time__lt=NOW.replace(hour=0, minute=0))
    )
    summed: Counter[object] = Counter()
    for day, requests in days:
        summed[day] += requests
    assert {day: summed[day] for day in counted} == dict(counted)


def test_a_day_that_nobody_added_up_is_read_by_the_hour(logged: Deployment) -> None:
    """The worker stood still for some days, and what came since is told all the same."""
    with time_machine.travel(NOW - timedelta(days=2), tick=False):
        add_up_days()
    with time_machine.travel(NOW, tick=False):
        before = told(logged, "30d")
        CredentialDay.objects.all().delete()
        assert told(logged, "30d") == before


def test_hours_go_when_the_days_have_them(logged: Deployment) -> None:
    with time_machine.travel(NOW, tick=False):
        add_up_days()
        before = told(logged, "30d")
        forget_old_lines()
        # What the days hold is not read from hours any more.
        CredentialHour.objects.filter(hour__date=NOW.date() - timedelta(days=10)).delete()
        assert told(logged, "30d") == before
    with time_machine.travel(NOW + timedelta(days=50), tick=False):
        forget_old_lines()
    assert not CredentialHour.objects.exists()
    assert CredentialDay.objects.exists()
    with time_machine.travel(NOW + timedelta(days=450), tick=False):
        forget_old_lines()
    assert not CredentialDay.objects.exists()
