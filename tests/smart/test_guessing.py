"""Guessing passwords, codes and secrets becomes slow, and tells nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tests.smart.conftest import PASSWORD, Flow


@pytest.fixture(autouse=True)
def _time_stands_still() -> Iterator[None]:
    """Attempts are counted by the minute; one that began in the middle would let them start anew."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


def test_guessing_passwords_becomes_slow(flow: Flow) -> None:
    page = flow.client.get(flow.authorize()["Location"])["Location"]
    statuses = [flow.client.post(page, {"username": "paula", "password": "x"}).status_code for _ in range(10)]
    assert statuses[0] == 403
    assert statuses[-1] == 429
    assert flow.client.post(page, {"username": "paula", "password": PASSWORD}).status_code == 429


def test_behind_a_proxy_each_address_is_throttled_alone_and_cannot_be_made_up(
    flow: Flow, settings: Any
) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    page = f"{flow.base}/device"
    for number in range(10):
        seen = f"10.1.1.{number}, 203.0.113.7"
        assert Client().post(page, {"user_code": "B"}, HTTP_X_FORWARDED_FOR=seen).status_code == 404
    guesser, other = "10.1.1.99, 203.0.113.7", "203.0.113.8"
    assert Client().post(page, {"user_code": "B"}, HTTP_X_FORWARDED_FOR=guesser).status_code == 429
    assert Client().post(page, {"user_code": "B"}, HTTP_X_FORWARDED_FOR=other).status_code == 404


def test_guessing_secrets_becomes_slow(confidential_flow: Flow) -> None:
    flow = confidential_flow
    statuses = [flow.refresh("x").status_code for _ in range(31)]
    assert statuses[-1] == 429


def test_an_unknown_user_and_a_wrong_password_look_alike(flow: Flow) -> None:
    page = flow.client.get(flow.authorize()["Location"])["Location"]
    unknown = flow.client.post(page, {"username": "nobody", "password": "x"})
    wrong = flow.client.post(page, {"username": "paula", "password": "x"})
    assert unknown.context["problem"] == wrong.context["problem"]
    assert unknown.status_code == wrong.status_code
