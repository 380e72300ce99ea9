"""Devices without a browser: RFC 8628, from the first request to the tokens, and all that must not work."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from credentials.models import OAuthApplication
from smart.claims import RefusedToken, SignedClaims, TokenProblem
from smart.models import Authorization, DeviceCode
from smart.protocol.validator import DEVICE_GRANT
from smart.tokens import verify
from tests.smart.conftest import PASSWORD, Flow


@pytest.fixture
def device(flow: Flow) -> Flow:
    """The public application, which may connect from devices; `flow.client` is the browser of the person."""
    flow.application.device_flow = True
    flow.application.save()
    return flow


def _start(device: Flow, **changes: Any) -> Any:
    return device.post("device_authorization", **{"scope": device.scope, **device.identity} | changes)


def _poll(device: Flow, code: str, **changes: Any) -> Any:
    DeviceCode.objects.update(asked=None)
    return device.post(
        "token", **{"grant_type": DEVICE_GRANT, "device_code": code, **device.identity} | changes
    )


def _answer(device: Flow, user_code: str, decision: str = "allow") -> Any:
    """What the person does with the code."""
    answer: Any = device.client.post(f"{device.base}/device", {"user_code": user_code})
    for _ in range(6):
        if answer.status_code != 302:
            return answer
        page = answer["Location"]
        answer = device.client.get(page)
        if page.endswith("/sign-in/"):
            answer = device.client.post(page, {"username": "paula", "password": PASSWORD})
        elif page.endswith("/consent/"):
            assert DeviceCode.objects.get().shown_code in answer.content.decode()
            ticked = {"decision": decision, "scope": answer.context["asked"]}
            answer = device.client.post(page, ticked)
    raise AssertionError("the person came to no end")


def test_a_device_gets_its_tokens_once_the_person_said_yes(device: Flow) -> None:
    started = _start(device).json()
    assert started["verification_uri_complete"].endswith(started["user_code"])
    assert started["device_code"] not in str(list(DeviceCode.objects.values()))
    assert _poll(device, started["device_code"]).json()["error"] == "authorization_pending"
    assert b"is connected" in _answer(device, started["user_code"].lower().replace("-", " ")).content
    tokens = _poll(device, started["device_code"]).json()
    claims = verify(tokens["access_token"], device.deployment)
    assert isinstance(claims, SignedClaims)
    assert (tokens["patient"], claims.patient, str(claims.scopes)) == ("p1", "p1", device.scope)
    assert device.refresh(tokens["refresh_token"]).status_code == 200
    # Whoever comes a second time with the code ends what came of it.
    assert _poll(device, started["device_code"]).json()["error"] == "invalid_grant"
    found = verify(tokens["access_token"], device.deployment)
    assert isinstance(found, RefusedToken)
    assert found.problem is TokenProblem.REVOKED


def test_a_refused_an_old_and_an_eager_device_learn_why_they_get_nothing(device: Flow) -> None:
    started = _start(device).json()
    assert b"was refused" in _answer(device, started["user_code"], "deny").content
    assert _poll(device, started["device_code"]).json()["error"] == "access_denied"
    old = _start(device).json()
    DeviceCode.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert device.client.post(f"{device.base}/device", {"user_code": old["user_code"]}).status_code == 404
    DeviceCode.objects.filter(denied=True).delete()
    assert _poll(device, old["device_code"]).json()["error"] == "expired_token"
    eager = _start(device).json()
    sent = {"grant_type": DEVICE_GRANT, "device_code": eager["device_code"], **device.identity}
    assert device.post("token", **sent).json()["error"] == "authorization_pending"
    assert device.post("token", **sent).json()["error"] == "slow_down"
    assert not Authorization.objects.exists()


def test_a_device_code_is_worth_nothing_to_others(
    device: Flow, confidential_flow: Flow, public_app: OAuthApplication
) -> None:
    started = _start(device).json()
    _answer(device, started["user_code"])
    assert _start(confidential_flow).json()["error"] == "unauthorized_client"
    assert _start(confidential_flow, client_secret="wrong").status_code == 401
    OAuthApplication.objects.update(device_flow=True)
    assert _poll(confidential_flow, started["device_code"]).json()["error"] == "invalid_grant"
    assert _poll(device, "x" * 30).json()["error"] == "invalid_grant"
    OAuthApplication.objects.update(device_flow=False)
    assert _poll(device, started["device_code"]).json()["error"] == "unauthorized_client"


def test_a_link_starts_nothing_and_guessing_codes_is_slow(device: Flow) -> None:
    started = _start(device).json()
    page = device.client.get(f"{device.base}/device?user_code={started['user_code']}")
    assert started["user_code"] in page.content.decode()
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(f"{device.base}/device", {"user_code": started["user_code"]}).status_code == 403
    for _ in range(10):
        assert Client().post(f"{device.base}/device", {"user_code": "BBBB-BBBB"}).status_code == 404
    assert Client().post(f"{device.base}/device", {"user_code": started["user_code"]}).status_code == 429


def test_only_one_answer_counts(device: Flow) -> None:
    started = _start(device).json()
    waiting = Client()
    page: Any = waiting.post(f"{device.base}/device", {"user_code": started["user_code"]})["Location"]
    waiting.post(f"{page}sign-in/", {"username": "paula", "password": PASSWORD})
    waiting.get(f"{page}patient/")
    _answer(device, started["user_code"], "deny")
    late = waiting.post(f"{page}consent/", {"decision": "allow", "scope": device.scope.split()})
    assert b"not waiting any more" in late.content
    assert not Authorization.objects.exists()
