"""Each reason for which the gateway refuses a request, provoked or put in, as the trace page explains it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from credentials.models import ApiKey, ApiKeySecret
from credentials.services import revoke_api_key
from deployments.models import Deployment, State
from gateway.decisions import Claim, Reason
from gateway.door import decisions
from gateway.endpoints import endpoints
from gateway.explaining import explain
from gateway.models import RequestLog
from gateway.recorder import recorder
from gateway.tokens import _claims
from portal.models import User
from smart.claims import RefusedToken, TokenProblem
from tests.gateway.conftest import Caller
from tests.gateway.test_door import PATIENT

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def region() -> str:
    """What is explained does not depend on the store."""
    return "region_local"


Provoke = Callable[[Caller, Deployment, User], None]


def _bearer(text: str) -> Provoke:
    return lambda full, deployment, alice: _ask(full, authorization=text)


def _ask(full: Caller, key: str = "", **headers: str) -> None:
    Caller(full.client, full.base, key)("GET", "Patient", **headers)


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
    Reason.STOPPED: (_stop, "Start the deployment"),
    Reason.TOO_LARGE: (lambda full, deployment, alice: _post(full), "in parts"),
}


def _post(full: Caller) -> None:
    full("POST", "Patient", PATIENT)


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
