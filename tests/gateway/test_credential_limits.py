"""Limits of one credential: it is slowed down alone, and told when to come back."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from credentials.models import ApiKey, OAuthApplication
from credentials.services import rotate_api_key
from deployments.models import Deployment
from gateway import limits
from gateway.decisions import Reason
from gateway.models import RequestLog
from gateway.recorder import recorder
from portal.models import User
from tests.gateway.conftest import Caller
from tests.gateway.scoped import Bearer


@pytest.fixture(autouse=True)
def _one_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """All requests of a test fall into the same second."""
    monkeypatch.setattr(limits, "current_second", limits.CurrentSecond(clock=lambda: 1_800_000_000.5))


def statuses(caller: Caller, times: int) -> list[int]:
    return [caller("GET", "Patient/none").status_code for _ in range(times)]


def test_a_key_with_a_limit_is_throttled_alone(full: Caller, reader: Caller, deployment: Deployment) -> None:
    ApiKey.objects.filter(name__startswith="Full").update(requests_per_second=2)
    assert statuses(full, 4) == [404, 404, 429, 429]
    assert statuses(reader, 4) == [404] * 4
    refused: Any = full("GET", "Patient/none")
    assert refused["Retry-After"] == "1"
    assert json.loads(refused.content)["issue"][0]["code"] == "throttled"


def test_both_secrets_of_a_key_share_its_limit(full: Caller, nobody: Caller, alice: User) -> None:
    key = ApiKey.objects.get()
    ApiKey.objects.update(requests_per_second=2)
    other = Caller(nobody.client, nobody.base, rotate_api_key(key, overlap=timedelta(hours=1), by=alice))
    assert statuses(full, 2) + statuses(other, 1) == [404, 404, 429]


def test_all_tokens_of_an_application_share_its_limit(bearer: Bearer, deployment: Deployment) -> None:
    OAuthApplication.objects.update(requests_per_second=2)
    first, second = bearer("patient/*.rs"), bearer("patient/*.rs")
    assert statuses(first, 1) + statuses(second, 2) == [404, 404, 429]


def test_the_log_tells_a_credentials_limit_from_the_sizes(
    full: Caller, deployment: Deployment, client: Client, alice: User
) -> None:
    ApiKey.objects.update(requests_per_second=1)
    assert statuses(full, 2) == [404, 429]
    recorder.flush()
    line = RequestLog.objects.get(status=429)
    assert line.reason == Reason.CREDENTIAL_THROTTLED
    client.force_login(alice)
    page = client.get(reverse("logs:trace", args=[deployment.pk, line.trace_id])).content.decode()
    assert "its own limit" in page


def test_an_administrator_sets_and_lifts_the_limit_of_a_key(
    full: Caller, deployment: Deployment, client: Client, alice: User
) -> None:
    key = ApiKey.objects.get()
    page = reverse("credentials:limit", args=[deployment.pk, key.public_id])
    client.force_login(alice)
    for sent, expected in (("5", 5), ("", None)):
        assert client.post(page, {"requests_per_second": sent}).status_code == 302
        key.refresh_from_db()
        assert key.requests_per_second == expected
    refused = client.post(page, {"requests_per_second": "0"})
    assert refused.status_code == 422
    assert "requests_per_second" in refused.context["limit_form"].errors


def test_a_stranger_cannot_limit_a_key(
    full: Caller, deployment: Deployment, client: Client, bob: User, charlie: User
) -> None:
    page = reverse("credentials:limit", args=[deployment.pk, ApiKey.objects.get().public_id])
    for person, status in ((bob, 403), (charlie, 404)):
        client.force_login(person)
        assert client.post(page, {"requests_per_second": "1"}).status_code == status
