"""A POST with an Idempotency-Key that is sent twice is done once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from credentials.models import ApiKey
from deployments.models import Deployment
from portal.api.idempotency import KEPT, LONGEST_REQUEST, forget_answers
from portal.models import KeptAnswer, User
from tests.management_api.conftest import Api

pytestmark = pytest.mark.django_db(databases="__all__")

KEY = {"name": "Lab", "access": {"kind": "full"}}


def keys_of(deployment: Deployment) -> str:
    return f"deployments/{deployment.pk}/api-keys/"


def test_the_same_request_gets_the_same_answer_and_one_key_is_made(api: Api, deployment: Deployment) -> None:
    first = api("post", keys_of(deployment), KEY, idempotency_key="once")
    again = api("post", keys_of(deployment), KEY, idempotency_key="once")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert ApiKey.objects.count() == 1


def test_another_request_with_the_same_key_is_refused(api: Api, deployment: Deployment) -> None:
    api("post", keys_of(deployment), KEY, idempotency_key="once")
    other = api("post", keys_of(deployment), {**KEY, "name": "Other"}, idempotency_key="once")
    assert other.status_code == 422
    assert ApiKey.objects.count() == 1


def test_while_the_first_is_under_way_the_second_waits(api: Api, deployment: Deployment) -> None:
    api("post", keys_of(deployment), KEY, idempotency_key="once")
    KeptAnswer.objects.update(status=None)
    assert api("post", keys_of(deployment), KEY, idempotency_key="once").status_code == 409


def test_a_request_that_was_cut_off_is_not_repeated_blindly(api: Api, deployment: Deployment) -> None:
    """Its process may have died after it was carried out."""
    api("post", keys_of(deployment), KEY, idempotency_key="once")
    KeptAnswer.objects.update(status=None, created=timezone.now() - LONGEST_REQUEST - timedelta(seconds=1))
    again = api("post", keys_of(deployment), KEY, idempotency_key="once")
    assert (again.status_code, "cut off" in again.json()["detail"]) == (409, True)
    assert ApiKey.objects.count() == 1


def test_a_fault_is_a_problem_and_frees_its_key(
    api: Api, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.client.raise_request_exception = False
    with monkeypatch.context() as patched:
        patched.setattr("credentials.services.audit.record", broken)
        fault = api("post", keys_of(deployment), KEY, idempotency_key="once")
    assert (fault.status_code, fault.headers["Content-Type"]) == (500, "application/problem+json")
    assert fault.json()["title"] == "Internal Server Error"
    assert api("post", keys_of(deployment), KEY, idempotency_key="once").status_code == 201


def broken(*args: object, **named: object) -> None:
    raise RuntimeError("the disk is full")


def test_a_replayed_secret_is_kept_nowhere_on_the_way(api: Api, deployment: Deployment) -> None:
    api("post", keys_of(deployment), KEY, idempotency_key="once")
    again = api("post", keys_of(deployment), KEY, idempotency_key="once")
    assert again.headers["Cache-Control"] == "no-store"


def test_a_refused_request_frees_its_key(api: Api, deployment: Deployment) -> None:
    wrong = api("post", keys_of(deployment), {"name": "Lab"}, idempotency_key="once")
    assert wrong.status_code == 400
    assert api("post", keys_of(deployment), KEY, idempotency_key="once").status_code == 201


def test_people_do_not_share_keys(api: Api, deployment: Deployment, alice: User) -> None:
    first = api("post", keys_of(deployment), KEY, idempotency_key="once").json()
    second = Api(alice)("post", keys_of(deployment), KEY, idempotency_key="once").json()
    assert first["id"] != second["id"]


def test_answers_are_encrypted_and_forgotten_after_a_day(api: Api, deployment: Deployment) -> None:
    text = api("post", keys_of(deployment), KEY, idempotency_key="once").json()["key"]
    assert text not in str(KeptAnswer.objects.values().get())
    assert forget_answers() == 0
    KeptAnswer.objects.update(created=timezone.now() - KEPT - timedelta(seconds=1))
    assert forget_answers() == 1
