"""Periodic work is done by one worker of all, each time it is due."""

from datetime import timedelta

import pytest
from django.utils import timezone

from deployments import periodic
from deployments.models import PeriodicRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(periodic, "_registered", {})
    calls: list[str] = []
    periodic.register_periodic(
        periodic.Periodic("count", timedelta(minutes=1), lambda: calls.append("count"))
    )
    return calls


def test_work_runs_once_in_its_period_however_many_look(ran: list[str]) -> None:
    periodic.run_due()
    periodic.run_due()
    assert ran == ["count"]


def test_work_runs_again_when_it_is_due(ran: list[str]) -> None:
    periodic.run_due()
    PeriodicRun.objects.update(due=timezone.now())
    periodic.run_due()
    assert ran == ["count", "count"]


def test_an_error_in_one_piece_does_not_stop_the_others(ran: list[str]) -> None:
    periodic.register_periodic(periodic.Periodic("bad", timedelta(minutes=1), lambda: 1 // 0))
    periodic.register_periodic(periodic.Periodic("later", timedelta(minutes=1), lambda: ran.append("later")))
    assert periodic.run_due() == ["count", "later"]
