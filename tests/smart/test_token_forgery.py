"""Forged access tokens: algorithms, keys, kinds, times."""

import base64
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from smart.claims import RefusedToken, SignedClaims, TokenProblem
from smart.keys import OVERLAP, public_jwks, rotate_signing_key, signing_key
from smart.models import SigningKey
from smart.tokens import forget_verified_tokens, verify
from tests.smart.conftest import Flow


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any], str]:
    header, payload, signature = token.split(".")
    return _read(header), _read(payload), signature


def _read(part: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def _write(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _refused(flow: Flow, token: str) -> TokenProblem:
    found = verify(token, flow.deployment)
    assert isinstance(found, RefusedToken)
    return found.problem


def test_a_token_without_a_signature_is_refused(flow: Flow) -> None:
    header, payload, signature = _parts(flow.tokens()["access_token"])
    for algorithm in ("none", "None", "NONE"):
        forged = f"{_write({**header, 'alg': algorithm})}.{_write(payload)}"
        assert _refused(flow, f"{forged}.") is TokenProblem.MALFORMED
        assert _refused(flow, f"{forged}.{signature}") is TokenProblem.ALGORITHM


def test_the_public_key_is_no_secret_for_hmac(flow: Flow) -> None:
    header, payload, _ = _parts(flow.tokens()["access_token"])
    public = signing_key(flow.deployment.pk).as_pem(private=False)
    signed = f"{_write({**header, 'alg': 'HS256'})}.{_write(payload)}"
    signature = base64.urlsafe_b64encode(hmac.digest(public, signed.encode(), "sha256")).rstrip(b"=").decode()
    assert _refused(flow, f"{signed}.{signature}") is TokenProblem.ALGORITHM


@pytest.mark.parametrize("kid", ["", "../../etc/passwd", "' OR 1=1 --", None, 5, ["x"], {"x": 1}])
def test_a_kid_is_only_a_name(flow: Flow, kid: Any) -> None:
    header, payload, signature = _parts(flow.tokens()["access_token"])
    assert _refused(flow, f"{_write({**header, 'kid': kid})}.{_write(payload)}.{signature}") in (
        TokenProblem.UNKNOWN_KEY,
        TokenProblem.SIGNATURE,
    )


def test_a_key_in_the_header_is_not_believed(flow: Flow) -> None:
    header, payload, _ = _parts(flow.tokens()["access_token"])
    own = RSAKey.generate_key(2048)
    for extra in (
        {"jwk": own.as_dict(private=False)},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example"},
    ):
        forged = jwt.encode({**header, **extra}, payload, own, algorithms=["RS256"])
        assert _refused(flow, forged) is TokenProblem.SIGNATURE


def test_a_changed_claim_is_noticed(flow: Flow) -> None:
    token = flow.tokens()["access_token"]
    header, payload, signature = _parts(token)
    forged = f"{_write(header)}.{_write({**payload, 'scope': 'user/*.cruds'})}.{signature}"
    assert _refused(flow, forged) is TokenProblem.SIGNATURE


def test_an_id_token_is_no_access_token(flow: Flow) -> None:
    assert _refused(flow, flow.tokens()["id_token"]) is TokenProblem.TYPE


def _signed(flow: Flow, **changes: Any) -> str:
    header, payload, _ = _parts(flow.tokens()["access_token"])
    return jwt.encode(header, payload | changes, signing_key(flow.deployment.pk), algorithms=["RS256"])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"exp": int(time.time()) - 1}, TokenProblem.EXPIRED),
        ({"exp": None}, TokenProblem.CLAIM),
        ({"exp": "tomorrow"}, TokenProblem.CLAIM),
        ({"nbf": int(time.time()) + 86_400}, TokenProblem.NOT_YET_VALID),
        ({"aud": "https://other.example/r4"}, TokenProblem.AUDIENCE),
        ({"aud": None}, TokenProblem.AUDIENCE),
        ({"iss": "https://evil.example"}, TokenProblem.UNKNOWN_ISSUER),
        ({"authorization": "00000000-0000-0000-0000-000000000000"}, TokenProblem.REVOKED),
    ],
)
def test_times_audience_and_issuer_are_checked(
    flow: Flow, changes: dict[str, Any], problem: TokenProblem
) -> None:
    assert _refused(flow, _signed(flow, **changes)) is problem


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "....", "e30.e30.x", "W10.W10.x", "x" * 20_000, "é.é.é"])
def test_what_is_no_token_is_refused(flow: Flow, text: str) -> None:
    assert isinstance(verify(text, flow.deployment), RefusedToken)


def test_tokens_outlive_a_rotation_of_the_key_until_the_overlap_ends(flow: Flow) -> None:
    token = flow.tokens()["access_token"]
    old = public_jwks(flow.deployment.pk)["keys"][0]["kid"]
    rotate_signing_key(flow.deployment)
    kids = [key["kid"] for key in public_jwks(flow.deployment.pk)["keys"]]
    assert len(kids) == 2
    assert kids[1] == old
    assert isinstance(verify(token, flow.deployment), SignedClaims)
    assert _parts(flow.tokens()["access_token"])[0]["kid"] == kids[0]
    SigningKey.objects.filter(kid=old).update(retires=SigningKey.objects.get(kid=old).created - OVERLAP)
    _forget_keys(flow)
    assert _refused(flow, token) is TokenProblem.UNKNOWN_KEY


def _forget_keys(flow: Flow) -> None:
    from smart import keys

    keys._remembered.pop(flow.deployment.pk)
    forget_verified_tokens()


def test_private_keys_are_encrypted_at_rest_and_never_published(flow: Flow) -> None:
    published = json.dumps(public_jwks(flow.deployment.pk))
    assert '"d"' not in published
    assert "PRIVATE" not in SigningKey.objects.get(deployment=flow.deployment).private_key
