"""Each reason for which the gateway refuses a request, provoked or put in, as the trace page explains it."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from credentials.access import FULL, READ_ONLY
from credentials.models import ApiKey, ApiKeySecret
from credentials.secret import new_key_text
from credentials.services import create_api_key, revoke_api_key
from deployments import sizes
from deployments.models import Deployment, State
from deployments.sizes import Size
from gateway.decisions import Claim, Reason
from gateway.door import decisions
from gateway.endpoints import endpoints
from gateway.explaining import explain
from gateway.models import RequestLog
from gateway.recorder import recorder
from gateway.tokens import _claims
from portal.models import User
from smart.claims import RefusedToken, TokenProblem
from tests.gateway.conftest import Caller, caller_of
from tests.gateway.test_door import PATIENT

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def region() -> str:
    """What is explained does not depend on the store."""
    return "region_local"


Provoke = Callable[[Caller, Deployment, User], None]


def _bearer(text: str) -> Provoke:
    return lambda full, deployment, alice: _ask(full, authorization=text)


def _ask(full: Caller, key: str = "", path: str = "Patient", **headers: str) -> None:
    Caller(full.client, full.base, key)("GET", path, **headers)


def _expire(full: Caller, deployment: Deployment, alice: User) -> None:
    ApiKey.objects.update(expires=timezone.now() - timedelta(seconds=1))
    _ask(full, full.key)


def _end_secret(full: Caller, deployment: Deployment, alice: User) -> None:
    ApiKeySecret.objects.update(expires=timezone.now() - timedelta(seconds=1))
    _ask(full, full.key)


def _revoke(full: Caller, deployment: Deployment, alice: User) -> None:
    revoke_api_key(ApiKey.objects.get(), by=alice)
    _ask(full, full.key)


def _stop(full: Caller, deployment: Deployment, alice: User) -> None:
    Deployment.objects.filter(pk=deployment.pk).update(state=State.STOPPED)
    _ask(full, full.key)


def _limit(full: Caller, deployment: Deployment, alice: User) -> None:
    ApiKey.objects.update(requests_per_second=1)
    for _ in range(4):
        _ask(full, full.key)


def _unknown(full: Caller, deployment: Deployment, alice: User) -> None:
    _ask(full, new_key_text("b" * 12))


def _elsewhere(full: Caller, deployment: Deployment, alice: User) -> None:
    """The key of a deployment beside this one."""
    other = Deployment.objects.create(
        tenant=deployment.tenant, name="Other", state=State.RUNNING, region=deployment.region, partition=1
    )
    _ask(full, create_api_key(other, name="Other's", access=FULL, by=alice)[1])


def _network(full: Caller, deployment: Deployment, alice: User) -> None:
    ApiKey.objects.update(networks=["203.0.113.0/24"])
    _ask(full, full.key)


def _small(full: Caller, size: Size) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sizes._by_code, size.code, size)
        endpoints.forget_all()
        for _ in range(4):
            full("POST", "Patient", PATIENT)
    endpoints.forget_all()


def _throttle(full: Caller, deployment: Deployment, alice: User) -> None:
    _small(full, dataclasses.replace(sizes.get_size(deployment.size), requests_per_second=1))


def _fill(full: Caller, deployment: Deployment, alice: User) -> None:
    _small(full, dataclasses.replace(sizes.get_size(deployment.size), stored_resources=1))


PROVOKED: dict[Reason, tuple[Provoke, str]] = {
    Reason.NO_CREDENTIAL: (lambda full, deployment, alice: _ask(full), "Send an API key"),
    Reason.TWO_CREDENTIALS: (
        lambda full, deployment, alice: _ask(
            full, full.key, authorization="Bearer eyJhbGciOiJub25lIn0.e30.x"
        ),
        "only one",
    ),
    Reason.UNSUPPORTED_SCHEME: (_bearer("Basic eDp5"), "Authorization: Bearer"),
    Reason.KEY_MALFORMED: (_bearer("Bearer fsk_half"), "Copy the whole key"),
    Reason.KEY_EXPIRED: (_expire, "Create a new key"),
    Reason.KEY_SECRET_ENDED: (_end_secret, "newest secret"),
    Reason.KEY_REVOKED: (_revoke, "Create a new key"),
    Reason.TOKEN: (_bearer("Bearer eyJhbGciOiJub25lIn0.e30.x"), "authentication server"),
    Reason.CREDENTIAL_THROTTLED: (_limit, "Retry-After"),
    Reason.KEY_UNKNOWN: (_unknown, "Create a key"),
    Reason.KEY_OF_ANOTHER_DEPLOYMENT: (_elsewhere, "base URL of the key"),
    Reason.KEY_NETWORK: (_network, "one of the key"),
    Reason.SCOPE: (lambda full, deployment, alice: _read_only(full, deployment, alice), "The smallest right"),
    Reason.THROTTLED: (_throttle, "larger size"),
    Reason.FULL: (_fill, "Delete what is not needed"),
    Reason.MALFORMED: (
        lambda full, deployment, alice: _ask(full, full.key, path="Patient?name=%ff"),
        "as the answer said",
    ),
    Reason.STOPPED: (_stop, "Start the deployment"),
    Reason.TOO_LARGE: (lambda full, deployment, alice: _post(full), "in parts"),
}


def _read_only(full: Caller, deployment: Deployment, alice: User) -> None:
    caller_of(deployment, READ_ONLY, alice)("POST", "Patient", PATIENT)


# Nothing was there to be checked.
WITHOUT_CHECKS = {Reason.NO_CREDENTIAL, Reason.TWO_CREDENTIALS, Reason.UNSUPPORTED_SCHEME}


def _post(full: Caller) -> None:
    full("POST", "Patient", PATIENT)


def test_every_reason_is_provoked() -> None:
    """Slow senders need threads: test_slow_senders.py."""
    assert {*PROVOKED, Reason.ALLOWED, Reason.OPEN, Reason.TOO_SLOW} == set(Reason)


@pytest.mark.parametrize("reason", PROVOKED)
def test_a_provoked_denial_says_why_and_what_to_do(
    reason: Reason, full: Caller, deployment: Deployment, alice: User, client: Client, settings: Settings
) -> None:
    provoke, mend = PROVOKED[reason]
    if reason is Reason.TOO_LARGE:
        settings.FHIR_MAX_BODY_BYTES = 10
    decisions.forget_all()
    endpoints.forget_all()
    provoke(full, deployment, alice)
    recorder.flush()
    line = RequestLog.objects.filter(reason=reason).latest("pk")
    client.force_login(alice)
    page = client.get(reverse("logs:trace", args=[deployment.pk, line.trace_id])).content.decode()
    assert "Why it was refused" in page
    assert mend in page
    assert full.key not in page
    failed = [claim["name"] for claim in line.checked_claims() if not claim["passed"]]
    assert len(failed) == (line.status in (401, 403) and reason not in WITHOUT_CHECKS)


@pytest.mark.parametrize(
    "reason", [one for one in Reason if one not in (Reason.ALLOWED, Reason.OPEN)], ids=str
)
def test_no_reason_is_without_its_sentence_and_next_step(reason: Reason) -> None:
    explanation = explain(RequestLog(reason=reason, needed="Patient.r", claims=""))
    assert explanation is not None
    assert explanation.sentence.endswith(".")
    assert explanation.mend.endswith(".")


@pytest.mark.parametrize("problem", TokenProblem)
def test_a_refused_token_names_the_one_check_that_failed_and_its_mend(problem: TokenProblem) -> None:
    claims: tuple[Claim, ...] = _claims(
        RefusedToken(problem, "aud" if problem is TokenProblem.AUDIENCE else "")
    )
    assert [claim.passed for claim in claims] == [True] * (len(claims) - 1) + [False]
    assert claims[-1].expected
    assert claims[-1].received
    rows: list[dict[str, Any]] = [{"name": claim.name, "passed": claim.passed} for claim in claims]
    line = RequestLog(reason=Reason.TOKEN, claims="")
    line.checked_claims = lambda: rows  # type: ignore[method-assign]
    explanation = explain(line)
    assert explanation is not None
    assert problem is TokenProblem.CLAIM or explanation.mend != "Get a new token."
