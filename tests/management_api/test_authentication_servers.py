"""Authentication servers through the Management API: identity providers with their checks, the integrated server's settings."""

from collections.abc import Iterator
from typing import Any

import pytest

from credentials.models import AuthenticationServer, OAuthApplication, ServerKind
from deployments.models import Deployment
from gateway.models import AuditKeeping
from portal.models import AuditEvent, Role, User
from smart.addresses import fhir_base, issuer
from smart.claims import SignedClaims
from smart.tokens import forget_verified_tokens, verify
from tests.management_api.conftest import Api
from tests.smart.provider import Provider

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    made = Provider()
    yield made
    made.stop()


@pytest.fixture
def path(deployment: Deployment) -> str:
    return f"deployments/{deployment.pk}/authentication-servers/"


def asked(provider: Provider, **more: object) -> dict[str, object]:
    return {"name": "Hospital", "issuer": provider.issuer, **more}


def test_a_provider_is_checked_saved_and_its_tokens_are_accepted(
    api: Api, provider: Provider, deployment: Deployment, path: str
) -> None:
    token = provider.token(fhir_base(deployment.pk))
    checked = api("post", f"{path}check/", asked(provider, token=token))
    assert (checked.status_code, checked.json()["good"]) == (200, True)
    assert not AuthenticationServer.objects.filter(kind=ServerKind.EXTERNAL).exists()
    made = api("post", path, asked(provider, token=token, introspection_secret="hush"))
    assert made.status_code == 201
    server = made.json()
    assert (server["kind"], server["jwks_uri"]) == ("external", f"{provider.issuer}/jwks")
    assert [one["kind"] for one in api("get", path).json()["results"]] == ["integrated", "external"]
    application = {"name": "Ext", "kind": "public", "allowed_scopes": "patient/*.rs"}
    there = f"deployments/{deployment.pk}/applications/"
    registered = api("post", there, {**application, "server": server["id"], "client_id": "ext-app"})
    assert (registered.status_code, registered.json()["client_id"]) == (201, "ext-app")
    assert isinstance(verify(token, deployment), SignedClaims)
    assert api("patch", f"{path}{server['id']}/", {"enabled": False}).json()["enabled"] is False
    forget_verified_tokens()
    assert not isinstance(verify(token, deployment), SignedClaims)


def test_what_fails_is_told_at_its_field_and_not_saved(
    api: Api, provider: Provider, deployment: Deployment, path: str
) -> None:
    wrong = api("post", path, asked(provider, token=provider.token("https://elsewhere.example")))
    assert wrong.status_code == 400
    assert [fault["pointer"] for fault in wrong.json()["errors"]] == ["#/token"]
    assert "aud holds the audience" in wrong.json()["errors"][0]["detail"]
    private = api("post", path, {"name": "Inside", "issuer": "https://10.0.0.1"})
    assert [fault["pointer"] for fault in private.json()["errors"]] == ["#/issuer"]
    assert not AuthenticationServer.objects.filter(kind=ServerKind.EXTERNAL).exists()


def test_an_issuer_is_configured_once(api: Api, provider: Provider, path: str) -> None:
    assert api("post", path, asked(provider)).status_code == 201
    again = api("post", path, asked(provider, name="Same"))
    assert (again.status_code, again.json()["errors"][0]["pointer"]) == (400, "#/issuer")


def test_a_provider_is_changed_only_when_it_still_passes_and_keeps_its_secret(
    api: Api, provider: Provider, path: str
) -> None:
    given = asked(provider, introspection_secret="hush")
    server = api("post", path, given).json()
    AuthenticationServer.objects.filter(pk=server["id"]).update(introspection_client_id="us")
    one = f"{path}{server['id']}/"
    changed = api("put", one, asked(provider, name="Clinic", leeway=5)).json()
    assert (changed["name"], changed["leeway"]) == ("Clinic", 5)
    provider.down = True
    assert api("put", one, asked(provider, name="Down")).status_code == 400
    assert api("get", one).json()["name"] == "Clinic"
    assert "hush" not in api("get", path).content.decode()


def test_a_saved_provider_is_tested_with_a_token(
    api: Api, provider: Provider, deployment: Deployment, path: str
) -> None:
    one = f"{path}{api('post', path, asked(provider)).json()['id']}/check/"
    assert api("post", one, {"token": provider.token(fhir_base(deployment.pk))}).json()["good"] is True
    findings = api("post", one, {"token": provider.token("https://elsewhere.example")}).json()
    failed = [rule for rule in findings["rules"] if not rule["passed"]]
    assert [(rule["title"], rule["about"]) for rule in failed] == [("aud holds the audience", "token")]


def test_a_provider_is_deleted_with_its_applications_and_the_integrated_server_is_not(
    api: Api, provider: Provider, deployment: Deployment, path: str
) -> None:
    server = api("post", path, asked(provider)).json()["id"]
    application = {"name": "Ext", "kind": "public", "allowed_scopes": "patient/*.rs", "client_id": "x"}
    api("post", f"deployments/{deployment.pk}/applications/", {**application, "server": server})
    assert api("delete", f"{path}{server}/").status_code == 204
    assert not OAuthApplication.objects.exists()
    integrated = api("get", path).json()["results"][0]["id"]
    assert api("delete", f"{path}{integrated}/").status_code == 409
    assert api("put", f"{path}{integrated}/", asked(provider)).status_code == 409
    assert AuditEvent.objects.filter(action="oauth.server_deleted").count() == 1


def test_the_integrated_server_is_set_and_its_key_renewed(
    api: Api, deployment: Deployment, path: str
) -> None:
    integrated = api("get", path).json()["results"][0]
    assert integrated["issuer"] == issuer(deployment.pk)
    one = f"{path}{integrated['id']}/"
    changed = api("patch", one, {"access_token_lifetime": 600, "registration_open": True}).json()
    assert (changed["access_token_lifetime"], changed["registration_open"]) == (600, True)
    assert changed["refresh_token_lifetime"] == integrated["refresh_token_lifetime"]
    wrong = api("patch", one, {"access_token_lifetime": 5})
    assert wrong.json()["errors"][0]["pointer"] == "#/access_token_lifetime"
    renewed = api("post", f"{path}signing-key/")
    assert (renewed.status_code, bool(renewed.json()["kid"])) == (201, True)


def test_a_client_id_is_made_here_or_given_there_and_stays(
    api: Api, provider: Provider, deployment: Deployment, path: str
) -> None:
    there = f"deployments/{deployment.pk}/applications/"
    own = {"name": "Own", "kind": "backend", "allowed_scopes": "system/*.rs"}
    wrong = api("post", there, {**own, "client_id": "mine"}).json()
    assert wrong["errors"][0]["pointer"] == "#/client_id"
    assert api("post", there, {**own, "server": 999_999}).json()["errors"][0]["pointer"] == "#/server"
    made = api("post", there, own).json()
    one = f"{there}{made['id']}/"
    kept = api("put", one, {**own, "name": "Renamed", "client_id": made["client_id"]}).json()
    assert (kept["name"], kept["client_id"]) == ("Renamed", made["client_id"])
    assert api("put", one, {**own, "client_id": "other"}).status_code == 400


def test_a_client_secret_is_ended(api: Api, deployment: Deployment) -> None:
    there = f"deployments/{deployment.pk}/applications/"
    own = {"name": "Own", "kind": "backend", "allowed_scopes": "system/*.rs"}
    made = api("post", there, own).json()
    rotated = api("post", f"{there}{made['id']}/rotate/", {"overlap_hours": 24}).json()
    old = next(one for one in rotated["secrets"] if one["expires"])
    assert api("delete", f"{there}{made['id']}/secrets/{old['id']}/").status_code == 204
    secrets = api("get", f"{there}{made['id']}/").json()["secrets"]
    assert next(one for one in secrets if one["id"] == old["id"])["expires"] < old["expires"]


def test_audit_events_are_kept_or_not(api: Api, deployment: Deployment, bob: User) -> None:
    there = f"deployments/{deployment.pk}/audit-events/keeping/"
    assert api("get", there).json() == {"keeps": False}
    assert api("put", there, {"keeps": True}).json() == {"keeps": True}
    assert AuditKeeping.objects.filter(deployment=deployment).exists()
    assert Api(bob, Role.WRITE)("put", there, {"keeps": False}).status_code == 403
