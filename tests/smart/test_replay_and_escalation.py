"""RFC 9700 and RFC 6819: codes and tokens are used once, by whom they were made for, for what was granted."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from credentials.models import AuthenticationServer, ServerUser
from deployments.models import Deployment
from smart.applications import rotate_client_secret, set_application_enabled
from smart.claims import RefusedToken, SignedClaims, TokenProblem
from smart.models import Authorization, AuthorizationCode, RefreshToken
from smart.tokens import verify
from smart.users import set_user_enabled
from tests.smart.conftest import Flow


def _problem(token: str, deployment: Deployment) -> TokenProblem | None:
    found = verify(token, deployment)
    return found.problem if isinstance(found, RefusedToken) else None


def test_a_code_used_twice_ends_the_tokens_of_the_first_use(flow: Flow) -> None:
    code = flow.allow()["code"]
    tokens = flow.token(code).json()
    assert flow.token(code).json()["error"] == "invalid_grant"
    assert _problem(tokens["access_token"], flow.deployment) is TokenProblem.REVOKED
    assert flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refresh_token_used_twice_ends_the_whole_chain(flow: Flow) -> None:
    first = flow.tokens()
    second = flow.refresh(first["refresh_token"]).json()
    assert flow.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert _problem(second["access_token"], flow.deployment) is TokenProblem.REVOKED
    assert flow.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": None},
        {"redirect_uri": "https://app.example/other"},
        {"redirect_uri": None},
        {"grant_type": "password"},
        {"grant_type": "implicit"},
        {"grant_type": "client_credentials"},
        {"grant_type": None},
    ],
)
def test_a_wrong_token_request_gets_nothing(flow: Flow, changes: dict[str, str | None]) -> None:
    answer = flow.token(flow.allow()["code"], **changes)
    assert answer.status_code in (400, 401)
    assert "access_token" not in answer.json()
    assert answer["Cache-Control"] == "no-store"


def test_a_code_is_worth_nothing_to_another_application(flow: Flow, confidential_flow: Flow) -> None:
    code = flow.allow()["code"]
    confidential_flow.verifier = flow.verifier
    assert confidential_flow.token(code).json()["error"] == "invalid_grant"
    assert flow.token(code).status_code == 200


def test_a_refresh_token_is_worth_nothing_to_another_application(flow: Flow, confidential_flow: Flow) -> None:
    tokens = flow.tokens()
    assert confidential_flow.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert flow.refresh(tokens["refresh_token"]).status_code == 200


def test_a_public_application_is_known_by_its_refresh_token_and_no_other_is(
    flow: Flow, confidential_flow: Flow
) -> None:
    tokens, others = flow.tokens(), confidential_flow.tokens()
    assert flow.refresh(tokens["refresh_token"], client_id=None).status_code == 200
    assert confidential_flow.post(
        "token", grant_type="refresh_token", refresh_token=others["refresh_token"]
    ).json() == {"error": "invalid_client"}


def test_an_old_code_is_refused(flow: Flow) -> None:
    code = flow.allow()["code"]
    AuthorizationCode.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert flow.token(code).json()["error"] == "invalid_grant"


def test_pkce_cannot_be_downgraded(confidential_flow: Flow) -> None:
    """A code that was asked for without a challenge cannot be redeemed with a verifier (RFC 9700, 4.8.2)."""
    code = confidential_flow.allow(code_challenge=None, code_challenge_method=None)["code"]
    assert confidential_flow.token(code).json()["error"] == "invalid_grant"


def test_a_confidential_application_needs_its_secret(confidential_flow: Flow) -> None:
    code = confidential_flow.allow()["code"]
    for secret in (None, "wrong", ""):
        answer = confidential_flow.token(code, client_secret=secret)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer["WWW-Authenticate"].startswith("Basic")


def test_two_ways_of_authentication_at_once_are_refused(confidential_flow: Flow) -> None:
    flow = confidential_flow
    answer = Client().post(
        f"{flow.base}/token",
        {"grant_type": "refresh_token", "refresh_token": "x", **flow.identity},
        HTTP_AUTHORIZATION="Basic eDp5",
    )
    assert answer.json()["error"] == "invalid_client"


@pytest.mark.parametrize("scope", ["user/*.rs", "patient/*.cruds", "openid patient/*.rs launch", "nonsense"])
def test_refreshing_cannot_widen_the_scopes(flow: Flow, scope: str) -> None:
    tokens = flow.tokens("openid offline_access patient/*.rs")
    assert flow.refresh(tokens["refresh_token"], scope=scope).json()["error"] == "invalid_scope"


def test_a_token_of_one_deployment_is_worth_nothing_at_another(
    flow: Flow, other_deployment: Deployment
) -> None:
    tokens = flow.tokens()
    assert _problem(tokens["access_token"], other_deployment) is TokenProblem.UNKNOWN_ISSUER
    sent = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], **flow.identity}
    assert Client().post(f"/auth/{other_deployment.pk}/token", sent).status_code == 401


def test_revocation_disabling_and_enabling_are_effective(flow: Flow, paula: ServerUser) -> None:
    token = flow.tokens()["access_token"]
    set_application_enabled(flow.application, enabled=False)
    _forget()
    assert _problem(token, flow.deployment) is TokenProblem.APPLICATION_DISABLED
    set_application_enabled(flow.application, enabled=True)
    assert _problem(token, flow.deployment) is None
    set_user_enabled(paula, enabled=False)
    _forget()
    assert _problem(token, flow.deployment) is TokenProblem.USER_DISABLED


def test_a_verified_token_costs_no_query_for_a_second(flow: Flow, django_assert_num_queries: object) -> None:
    token = flow.tokens()["access_token"]
    assert isinstance(verify(token, flow.deployment), SignedClaims)
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert isinstance(verify(token, flow.deployment), SignedClaims)


def test_another_application_cannot_revoke_a_token(flow: Flow, confidential_flow: Flow) -> None:
    tokens = flow.tokens()
    answer = confidential_flow.post("revoke", token=tokens["refresh_token"], **confidential_flow.identity)
    assert answer.status_code == 200
    assert flow.refresh(tokens["refresh_token"]).status_code == 200


def test_a_public_application_cannot_introspect(flow: Flow) -> None:
    answer = flow.post("introspect", token="x", **flow.identity)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_secrets_codes_and_tokens_are_not_stored_as_text(confidential_flow: Flow) -> None:
    tokens = confidential_flow.tokens()
    code = confidential_flow.allow()["code"]
    stored = str(list(RefreshToken.objects.values())) + str(list(AuthorizationCode.objects.values()))
    stored += str(list(Authorization.objects.values())) + str(
        list(confidential_flow.application.secrets.values())
    )
    for text in (tokens["refresh_token"], code, confidential_flow.secret):
        assert text not in stored


def test_both_secrets_work_during_a_rotation_and_the_old_one_ends(confidential_flow: Flow) -> None:
    flow, old = confidential_flow, confidential_flow.secret
    new = rotate_client_secret(flow.application, overlap=timedelta(hours=1))
    assert flow.token(flow.allow()["code"], client_secret=new).status_code == 200
    assert flow.token(flow.allow()["code"], client_secret=old).status_code == 200
    newest = rotate_client_secret(flow.application, overlap=timedelta(0))
    assert flow.token(flow.allow()["code"], client_secret=old).status_code == 401
    assert flow.token(flow.allow()["code"], client_secret=newest).status_code == 200


def test_parameters_in_the_address_of_the_token_endpoint_are_refused(confidential_flow: Flow) -> None:
    flow = confidential_flow
    answer = Client().post(f"{flow.base}/token?client_secret={flow.secret}", flow.identity)
    assert answer.json()["error"] == "invalid_request"
    assert Client().get(f"{flow.base}/token").status_code == 405


def test_smuggled_parameters_do_not_become_the_user_or_the_client(flow: Flow) -> None:
    """oauthlib keeps unknown parameters as attributes; ours never reach it."""
    code = flow.allow()["code"]
    answer = flow.token(
        code, user="1", client="x", scopes="user/*.cruds", extra_credentials="x", scope="user/*.rs"
    )
    assert answer.json()["scope"] == "openid fhirUser launch/patient offline_access patient/*.rs"


@pytest.mark.django_db(transaction=True)
def test_of_two_redemptions_at_the_same_time_one_fails(flow: Flow) -> None:
    code = flow.allow()["code"]

    def redeem(_: int) -> int:
        try:
            return int(flow.token(code).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(redeem, range(4)))
    assert statuses.count(200) <= 1


def test_a_server_that_is_switched_off_is_not_there(flow: Flow, server: AuthenticationServer) -> None:
    token = flow.tokens()["access_token"]
    server.enabled = False
    server.save()
    _forget()
    assert flow.authorize().status_code == 404
    assert _problem(token, flow.deployment) is TokenProblem.SERVER_DISABLED


def _forget() -> None:
    from smart.tokens import forget_verified_tokens

    forget_verified_tokens()
