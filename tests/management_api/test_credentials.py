"""API keys, applications, users and the log through the Management API."""

import pytest
from django.core import mail
from django.test import Client

from deployments.models import Deployment
from gateway.recorder import recorder
from portal.models import Role, User
from tests.management_api.conftest import Api

pytestmark = pytest.mark.django_db(databases="__all__")


def path_of(deployment: Deployment, rest: str) -> str:
    return f"deployments/{deployment.pk}/{rest}"


def test_a_key_opens_the_endpoint_until_it_is_revoked(api: Api, deployment: Deployment) -> None:
    asked = {"name": "Lab", "holder": "Ida", "access": {"kind": "chosen", "types": {"Patient": "sr"}}}
    made = api("post", path_of(deployment, "api-keys/"), asked).json()
    assert made["access"]["types"] == {"Patient": "rs"}
    seen = api("get", path_of(deployment, f"api-keys/{made['id']}/"))
    assert seen.headers["Cache-Control"] == "private, no-cache"
    assert made["key"] not in seen.content.decode()

    def status() -> int:
        from gateway.door import decisions

        decisions.forget_all()
        headers = {"x-api-key": made["key"]}
        return Client().get(f"/fhir/{deployment.pk}/r4/Patient", headers=headers).status_code

    assert status() == 200
    assert api("delete", path_of(deployment, f"api-keys/{made['id']}/")).status_code == 204
    assert status() == 401
    assert api("get", path_of(deployment, "api-keys/?live=true")).json()["count"] == 0


def test_a_key_is_rotated_and_narrowed_but_never_widened(api: Api, deployment: Deployment) -> None:
    made = api("post", path_of(deployment, "api-keys/"), {"name": "Lab", "access": {"kind": "full"}}).json()
    path = path_of(deployment, f"api-keys/{made['id']}/")
    answer = api("post", path + "rotate/", {"overlap_hours": 1})
    assert answer.headers["Cache-Control"] == "no-store"
    rotated = answer.json()
    assert rotated["key"] != made["key"]
    assert len(rotated["secrets"]) == 2
    assert api("patch", path, {"access": {"kind": "read-only"}}).json()["access"]["kind"] == "read-only"
    assert api("patch", path, {"access": {"kind": "full"}}).status_code == 409
    wrong = api("patch", path, {"access": {"kind": "chosen", "types": {"Patient": "x"}}})
    assert wrong.json()["errors"][0]["pointer"] == "#/access"


def test_a_key_is_bound_to_networks_and_tells_its_use(api: Api, deployment: Deployment) -> None:
    asked = {"name": "Lab", "access": {"kind": "full"}, "networks": ["10.0.0.0/8"]}
    made = api("post", path_of(deployment, "api-keys/"), asked).json()
    path = path_of(deployment, f"api-keys/{made['id']}/")
    changed = api("patch", path, {"networks": ["2001:db8::/32"]}).json()
    assert (made["networks"], changed["networks"]) == (["10.0.0.0/8"], ["2001:db8::/32"])
    wrong = api("patch", path, {"networks": ["10.0.0.1/8"]}).json()
    assert wrong["errors"][0]["pointer"] == "#/networks"
    use = api("get", path + "use/").json()
    assert use["lines"][0] == {
        "resource_type": "*",
        "granted": "cruds",
        "used": "",
        "unused": "cruds",
        "requests": 0,
        "last": None,
    }
    api("post", path + "rotate/", {"overlap_hours": 1})
    ended = api("post", path + "end-old-secrets/").json()
    assert [bool(secret["expires"]) for secret in ended["secrets"]] == [False, True]


def test_keys_are_revoked_together_or_not_at_all(api: Api, deployment: Deployment) -> None:
    asked = {"name": "Lab", "access": {"kind": "full"}}
    ids = [api("post", path_of(deployment, "api-keys/"), asked).json()["id"] for _ in range(2)]
    path = path_of(deployment, "api-keys/revoke/")
    assert api("post", path, {"ids": [*ids, "abcdefghijkl"]}).status_code == 409
    assert api("get", path_of(deployment, "api-keys/?live=true")).json()["count"] == 2
    assert api("post", path, {"ids": ids}).json() == {"revoked": 2}


def test_an_application_is_registered_changed_rotated_and_deleted(api: Api, deployment: Deployment) -> None:
    asked = {
        "name": "Chart",
        "kind": "confidential",
        "redirect_uris": ["https://app.example/callback"],
        "allowed_scopes": "openid patient/Observation.rs",
    }
    made = api("post", path_of(deployment, "applications/"), asked).json()
    assert made["client_secret"]
    path = path_of(deployment, f"applications/{made['id']}/")
    assert api("get", path_of(deployment, "applications/")).json()["count"] == 1
    changed = api("put", path, {**asked, "name": "Growth"}).json()
    assert (changed["name"], changed["client_id"]) == ("Growth", made["client_id"])
    assert (
        api("post", path + "rotate/", {"overlap_hours": 0}).json()["client_secret"] != made["client_secret"]
    )
    assert api("patch", path, {"enabled": False}).json()["enabled"] is False
    wrong = api("put", path, {**asked, "redirect_uris": ["http://elsewhere.example/"]}).json()
    assert wrong["errors"][0]["pointer"] == "#/redirect_uris"
    assert api("delete", path).status_code == 204
    assert api("get", path).status_code == 404


def test_a_person_is_made_invited_and_switched_off(api: Api, deployment: Deployment) -> None:
    asked = {"username": "ida", "email": "ida@example.org", "fhir_user": "Patient/1"}
    made = api("post", path_of(deployment, "users/"), asked).json()
    assert made["link"] in mail.outbox[-1].body
    path = path_of(deployment, f"users/{made['id']}/")
    changed = api("patch", path, {"name": "Ida Holm", "enabled": False}).json()
    assert (changed["name"], changed["email"], changed["enabled"]) == ("Ida Holm", "ida@example.org", False)
    again = api("post", path_of(deployment, "users/"), asked)
    assert again.json()["errors"][0]["pointer"] == "#/username"
    assert "link" not in api("get", path).json()


def test_the_log_is_filtered_and_followed(api: Api, deployment: Deployment, alice: User) -> None:
    recorder.forget()
    base = f"/fhir/{deployment.pk}/r4"
    Client().get(f"{base}/metadata")
    Client().get(f"{base}/Patient?name=Ida")
    recorder.flush()
    lines = api("get", path_of(deployment, "logs/")).json()["results"]
    assert [line["status"] for line in lines] == [401, 200]
    assert lines[0]["query"] == "name=Ida"
    assert len(api("get", path_of(deployment, "logs/?status=4")).json()["results"]) == 1
    newer = api("get", path_of(deployment, f"logs/?after={lines[1]['id']}")).json()["results"]
    assert [line["id"] for line in newer] == [lines[0]["id"]]
    trace = api("get", path_of(deployment, f"logs/{lines[0]['trace_id']}/")).json()
    assert trace["reason"] == "no-credential"
    assert Api(alice, Role.READ)("get", path_of(deployment, "logs/")).status_code == 403
    both = api("get", path_of(deployment, "logs/?after=1&before=2")).json()
    assert both["errors"][0]["parameter"] == "after"
