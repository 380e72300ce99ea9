"""The life of an API key: made, found, rotated, narrowed, revoked."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from time_machine import TimeMachineFixture

from credentials import services
from credentials.access import FULL, READ_ONLY, chosen
from credentials.models import ApiKey, ApiKeySecret
from credentials.secret import new_key_text
from credentials.selectors import KeyProblem, RefusedKey, find_api_key, identify_api_key
from deployments.models import Deployment
from portal.models import User

SCANNER_PATTERN = re.compile(r"fsk_[a-z0-9]{12}_[A-Za-z0-9]{49}")


@pytest.fixture
def made(deployment: Deployment, alice: User) -> tuple[ApiKey, str]:
    return services.create_api_key(deployment, name="Lab", holder="Lab team", access=FULL, by=alice)


def test_a_new_key_is_found_by_its_text(made: tuple[ApiKey, str]) -> None:
    api_key, text = made
    assert find_api_key(text) == api_key
    assert SCANNER_PATTERN.fullmatch(text)
    assert text.startswith(api_key.prefix + "_")


def test_the_text_of_a_key_is_stored_nowhere(made: tuple[ApiKey, str]) -> None:
    api_key, text = made
    secret = text.split("_")[2]
    stored = [*ApiKey.objects.values_list(), *ApiKeySecret.objects.values_list()]
    assert secret[:20] not in str(stored)
    assert len(api_key.secrets.get().digest) == 64


@pytest.mark.parametrize(
    "text", ["", "fsk_", "x" * 5000, "fsk_abc_def", "fsk_" + "a" * 12 + "_" + "A" * 49, "\0", "ключ"]
)
def test_malformed_keys_are_refused_without_a_query(
    db: None, text: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert identify_api_key(text) == RefusedKey(KeyProblem.MALFORMED)


def test_a_well_formed_key_of_nobody_is_unknown(made: tuple[ApiKey, str]) -> None:
    assert identify_api_key(new_key_text("a" * 12)) == RefusedKey(KeyProblem.UNKNOWN)
    assert identify_api_key(new_key_text(made[0].public_id)) == RefusedKey(KeyProblem.UNKNOWN)


def test_a_revoked_key_is_refused_and_stays_revoked(made: tuple[ApiKey, str], alice: User) -> None:
    api_key, text = made
    services.revoke_api_key(api_key, by=alice)
    first = api_key.revoked
    services.revoke_api_key(api_key, by=alice)
    assert api_key.revoked == first
    assert identify_api_key(text) == RefusedKey(KeyProblem.REVOKED, api_key)
    assert find_api_key(text) is None


def test_an_expired_key_is_refused(
    deployment: Deployment, alice: User, time_machine: TimeMachineFixture
) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    api_key, text = services.create_api_key(deployment, name="Short", access=FULL, expires=soon, by=alice)
    assert find_api_key(text) == api_key
    time_machine.move_to(soon)
    assert identify_api_key(text) == RefusedKey(KeyProblem.EXPIRED, api_key)


def test_a_key_cannot_be_born_expired_or_nameless(deployment: Deployment, alice: User) -> None:
    with pytest.raises(ValidationError):
        services.create_api_key(deployment, name="Late", access=FULL, expires=timezone.now(), by=alice)
    with pytest.raises(ValidationError):
        services.create_api_key(deployment, name="  ", access=FULL, by=alice)
    assert not ApiKey.objects.exists()


def test_rotation_keeps_the_old_secret_for_the_overlap_only(
    made: tuple[ApiKey, str], alice: User, time_machine: TimeMachineFixture
) -> None:
    api_key, old = made
    new = services.rotate_api_key(api_key, overlap=timedelta(hours=1), by=alice)
    assert find_api_key(old) == find_api_key(new) == api_key
    time_machine.move_to(timezone.now() + timedelta(hours=1))
    assert identify_api_key(old) == RefusedKey(KeyProblem.SECRET_ENDED, api_key)
    assert find_api_key(new) == api_key


def test_a_key_has_two_live_secrets_at_most(made: tuple[ApiKey, str], alice: User) -> None:
    api_key, _ = made
    services.rotate_api_key(api_key, overlap=timedelta(hours=1), by=alice)
    with pytest.raises(ValidationError):
        services.rotate_api_key(api_key, overlap=timedelta(hours=1), by=alice)
    newest = services.rotate_api_key(api_key, overlap=timedelta(0), by=alice)
    assert [secret.expired for secret in api_key.secrets.all()] == [False, True, True]
    assert find_api_key(newest) == api_key


def test_ending_old_secrets_leaves_the_newest(made: tuple[ApiKey, str], alice: User) -> None:
    api_key, old = made
    new = services.rotate_api_key(api_key, overlap=timedelta(hours=1), by=alice)
    services.end_old_secrets(api_key, by=alice)
    assert find_api_key(old) is None
    assert find_api_key(new) == api_key


def test_a_revoked_key_cannot_be_rotated(made: tuple[ApiKey, str], alice: User) -> None:
    services.revoke_api_key(made[0], by=alice)
    with pytest.raises(ValidationError):
        services.rotate_api_key(made[0], overlap=timedelta(0), by=alice)


def test_a_key_can_lose_rights_but_never_gain_them(made: tuple[ApiKey, str], alice: User) -> None:
    api_key, _ = made
    services.narrow_api_key(api_key, access=READ_ONLY, by=alice)
    services.narrow_api_key(api_key, access=chosen({"Patient": "r"}), by=alice)
    for wider in (FULL, READ_ONLY, chosen({"Patient": "rs"}), chosen({"*": "r"})):
        with pytest.raises(ValidationError):
            services.narrow_api_key(api_key, access=wider, by=alice)
    api_key.refresh_from_db()
    assert api_key.access == chosen({"Patient": "r"})


def test_use_is_recorded_with_time_and_address(made: tuple[ApiKey, str]) -> None:
    api_key, _ = made
    now = timezone.now()
    services.record_use([(api_key.secrets.get().pk, now, "192.0.2.7")])
    api_key.refresh_from_db()
    assert (api_key.last_used_at, api_key.last_used_from) == (now, "192.0.2.7")
    assert api_key.secrets.get().last_used_at == now
