"""A key bound to networks is refused from elsewhere, whatever a caller writes into a header."""

import pytest
from django.test import Client
from pytest_django import Settings

from credentials.access import FULL
from credentials.models import ApiKey
from credentials.services import create_api_key
from deployments.models import Deployment
from gateway.explaining import explain
from gateway.models import RequestLog
from gateway.recorder import recorder
from portal.models import User

INSIDE, OUTSIDE = "203.0.113.9", "198.51.100.7"


@pytest.fixture
def status(deployment: Deployment, alice: User) -> object:
    _, key = create_api_key(
        deployment, name="Lab", access=FULL, networks=["203.0.113.0/24", "2001:db8::/32"], by=alice
    )

    def ask(address: str, forwarded: str = "") -> int:
        headers = {"x-api-key": key} | ({"x-forwarded-for": forwarded} if forwarded else {})
        client = Client(REMOTE_ADDR=address, headers=headers)
        return client.get(f"/fhir/{deployment.pk}/r4/Patient").status_code

    return ask


def test_the_key_works_from_its_networks_alone(status) -> None:  # type: ignore[no-untyped-def]
    assert [status(INSIDE), status("2001:db8::7"), status("::ffff:203.0.113.9")] == [200, 200, 200]
    assert [status(OUTSIDE), status("2001:db9::7"), status("")] == [401, 401, 401]
    assert status(INSIDE) == 200


def test_a_forged_header_changes_nothing(status, settings: Settings) -> None:  # type: ignore[no-untyped-def]
    assert status(OUTSIDE, forwarded=INSIDE) == 401
    settings.TRUSTED_PROXY_COUNT = 1
    assert status(OUTSIDE, forwarded=f"{INSIDE}, {OUTSIDE}") == 401
    assert status("10.0.0.1", forwarded=f"{OUTSIDE}, {INSIDE}") == 200
    assert status("10.0.0.1", forwarded="") == 401


def test_the_denial_names_the_address_and_the_networks(status, deployment: Deployment) -> None:  # type: ignore[no-untyped-def]
    status(OUTSIDE)
    recorder.flush()
    line = RequestLog.objects.get(deployment=deployment)
    explanation = explain(line)
    assert explanation is not None
    assert "this address" in explanation.sentence
    assert "TRUSTED_PROXY_COUNT" in explanation.mend
    (claim,) = line.checked_claims()
    assert claim["received"] == OUTSIDE
    assert "203.0.113.0/24" in claim["expected"]
    assert line.credential_name == "Lab"


def test_an_attempt_from_elsewhere_is_no_use_of_the_key(status, deployment: Deployment) -> None:  # type: ignore[no-untyped-def]
    status(OUTSIDE)
    recorder.flush()
    assert ApiKey.objects.get(deployment=deployment).last_used_at is None
    status(INSIDE)
    recorder.flush()
    assert ApiKey.objects.get(deployment=deployment).last_used_from == INSIDE
