"""Tokens, webhooks, ownership, leaving, money and metrics through the Management API."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from deployments.models import Deployment
from gateway.recorder import recorder
from portal.models import AuditEvent, Delivery, ManagementToken, Membership, Role, Tenant, User
from portal.services.tokens import create_token
from tests.management_api.conftest import BASE, Api

pytestmark = pytest.mark.django_db(databases="__all__")


def with_token(text: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {text}"})


def test_a_token_is_made_shown_once_used_and_revoked(api: Api, tenant: Tenant) -> None:
    asked = {"name": "Script", "role": "read", "tenant": tenant.slug, "days": 30}
    answer = api("post", "tokens/", asked)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    made = answer.json()
    seen = api("get", f"tokens/{made['id']}/")
    assert made["token"] not in seen.content.decode()
    assert (seen.json()["tenant"], seen.json()["role"]) == (tenant.slug, "read")
    script = with_token(made["token"])
    assert script.get(f"{BASE}tenants/{tenant.slug}/").status_code == 200
    assert api("delete", f"tokens/{made['id']}/").status_code == 204
    assert script.get(f"{BASE}tenants/{tenant.slug}/").status_code == 401


def test_a_token_gives_no_more_than_it_has(alice: User, tenant: Tenant) -> None:
    soon = timezone.now() + timedelta(days=2)
    _, text = create_token(alice, "small", Role.WRITE, tenant=tenant, expires=soon)
    small = with_token(text)

    def ask(**asked: object) -> tuple[int, dict[str, str]]:
        response = small.post(f"{BASE}tokens/", {"name": "x", **asked}, content_type="application/json")
        return response.status_code, response.json()

    assert ask(role="admin", tenant=tenant.slug)[0] == 403
    assert ask(role="read")[0] == 400
    status, made = ask(role="read", tenant=tenant.slug, days=300)
    assert status == 201
    assert made["expires"] <= soon.isoformat().replace("+00:00", "Z")
    large, _ = create_token(alice, "large", Role.OWNER, tenant=tenant, expires=None)
    other, _ = create_token(alice, "other", Role.READ, tenant=None, expires=None)
    assert small.delete(f"{BASE}tokens/{large.pk}/").status_code == 403
    assert small.delete(f"{BASE}tokens/{other.pk}/").status_code == 404


def test_nobody_sees_the_tokens_of_others(api: Api, bob: User) -> None:
    token, _ = create_token(bob, "Bob's", Role.READ, tenant=None, expires=None)
    assert "Bob's" not in [one["name"] for one in api("get", "tokens/").json()["results"]]
    assert api("delete", f"tokens/{token.pk}/").status_code == 404


def test_administrators_see_and_end_the_tokens_that_open_their_tenant(
    api: Api, tenant: Tenant, bob: User
) -> None:
    token, text = create_token(bob, "Bob's", Role.READ, tenant=tenant, expires=None)
    create_token(bob, "Bob's own", Role.READ, tenant=None, expires=None)
    path = f"tenants/{tenant.slug}/tokens/"
    listed = api("get", path).json()["results"]
    assert [(one["name"], one["user"]["email"]) for one in listed] == [("Bob's", bob.email)]
    assert Api(bob)("get", path).status_code == 403
    assert api("delete", f"{path}{token.pk}/").status_code == 204
    assert with_token(text).get(f"{BASE}me/").status_code == 401
    event = AuditEvent.objects.filter(action="token.revoked").latest("pk")
    assert (event.actor_name, event.target) == ("alice@example.org", f"Bob's of {bob.email}")


def test_the_tokens_of_a_tenant_end_with_the_membership(api: Api, tenant: Tenant, bob: User) -> None:
    create_token(bob, "Bob's", Role.READ, tenant=tenant, expires=None)
    member = tenant.memberships.get(user=bob)
    api("delete", f"tenants/{tenant.slug}/members/{member.pk}/")
    assert not ManagementToken.objects.filter(user=bob).exists()


def test_ownership_is_transferred_and_then_one_can_leave(api: Api, tenant: Tenant, bob: User) -> None:
    path = f"tenants/{tenant.slug}/"
    assert api("post", f"{path}leave/").status_code == 409
    member = tenant.memberships.get(user=bob)
    assert api("post", f"{path}transfer/", {"member": 0}).json()["errors"][0]["pointer"] == "#/member"
    assert api("post", f"{path}transfer/", {"member": member.pk}).json()["role"] == "owner"
    assert api("post", f"{path}transfer/", {"member": member.pk}).status_code == 403
    assert api("post", f"{path}leave/").status_code == 204
    assert api("get", path).status_code == 404


def test_a_small_token_cannot_make_the_last_owner_leave(alice: User, tenant: Tenant, bob: User) -> None:
    small = Api(alice, Role.READ)
    assert small("post", f"tenants/{tenant.slug}/leave/").status_code == 409
    Membership.objects.filter(user=bob).update(role=Role.OWNER)
    assert small("post", f"tenants/{tenant.slug}/leave/").status_code == 409
    assert tenant.memberships.filter(user=alice).exists()


def test_a_deleted_tenant_is_brought_back_by_its_owner_alone(api: Api, tenant: Tenant, bob: User) -> None:
    path = f"tenants/{tenant.slug}/"
    assert api("post", f"{path}restore/").status_code == 404
    api("delete", path)
    assert Api(bob)("post", f"{path}restore/").status_code == 404
    assert api("post", f"{path}restore/").json()["slug"] == tenant.slug
    assert api("get", path).status_code == 200


def test_two_step_sign_in_is_required_only_by_who_has_it(api: Api, tenant: Tenant) -> None:
    asked = {"name": "Acme Care", "requires_mfa": True}
    refused = api("patch", f"tenants/{tenant.slug}/", asked)
    assert (refused.status_code, "yourself first" in refused.json()["detail"]) == (409, True)
    tenant.refresh_from_db()
    assert (tenant.name, tenant.requires_mfa) == ("Acme Health", False)


def test_a_webhook_is_made_changed_tested_and_removed(api: Api, tenant: Tenant, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED, settings.DEVELOPMENT = ["127.0.0.1"], True
    path = f"tenants/{tenant.slug}/webhooks/"
    made = api("post", path, {"url": "http://127.0.0.1:9/hook", "kinds": ["key.expiring"]}).json()
    one = f"{path}{made['id']}/"
    assert made["secret"] not in api("get", one).content.decode()
    assert api("patch", one, {"enabled": False}).json()["kinds"] == ["key.expiring"]
    assert api("post", f"{one}secret/").json()["secret"] != made["secret"]
    sent = api("post", f"{one}test/")
    assert (sent.status_code, sent.json()["kind"]) == (202, "test")
    listed = api("get", f"tenants/{tenant.slug}/deliveries/?state=PENDING").json()["results"]
    assert [delivery["target"] for delivery in listed] == ["http://127.0.0.1:9/hook"]
    again = f"tenants/{tenant.slug}/deliveries/{listed[0]['id']}/resend/"
    assert api("post", again).status_code == 202
    assert Delivery.objects.count() == 2
    assert api("delete", one).status_code == 204
    assert api("post", again).status_code == 409
    wrong = api("post", path, {"url": "http://127.0.0.1:9/hook", "kinds": ["weather"]})
    assert wrong.json()["errors"][0]["pointer"].startswith("#/kinds")


def test_a_person_chooses_whether_to_be_mailed(api: Api, alice: User, tenant: Tenant) -> None:
    assert api("patch", "me/", {"wants_notices": False}).json()["wants_notices"] is False
    alice.refresh_from_db()
    assert (alice.wants_notices, alice.name) == (False, "Alice")
    assert Api(alice, Role.OWNER, tenant)("patch", "me/", {"name": "Eve"}).status_code == 403
    assert Api(alice, Role.ADMIN)("patch", "me/", {"name": "Eve"}).status_code == 403


def test_prices_and_an_estimate_are_told(api: Api, db: None) -> None:
    plans = {plan["plan"]: plan for plan in api("get", "plans/").json()["results"]}
    assert (plans["trial"]["days"], plans["trial"]["sizes"]) == (30, ["xs"])
    rates = {rate["name"]: rate["cents"] for rate in api("get", "rates/").json()["results"]}
    told = api("get", "estimate/?size=xs&hours=10&requests=2&stored=3").json()
    assert int(told["total"]) == 10 * 4 + 2 * rates["requests"] + 3 * rates["storage"]
    assert api("get", "estimate/?size=huge").json()["errors"][0]["parameter"] == "size"


def test_the_statement_comes_as_json_csv_and_pdf(api: Api, tenant: Tenant, deployment: Deployment) -> None:
    from deployments.usage import meter

    assert meter() == 1
    path = f"tenants/{tenant.slug}/usage/"
    told = api("get", path).json()
    assert (told["total"], "invoice" in told["payment"]) == ("4", True)
    assert "Ward 7,Extra Small,1,hour,0.04,0.04" in api("get", f"{path}statement.csv").content.decode()
    assert api("get", f"{path}statement.pdf").content.startswith(b"%PDF")
    assert api("get", f"{path}statement.pdf?month=never").json()["errors"][0]["parameter"] == "month"


def test_metrics_are_measured_by_time_and_credential(api: Api, deployment: Deployment) -> None:
    recorder.forget()
    Client().get(f"/fhir/{deployment.pk}/r4/Patient")
    recorder.flush()
    path = f"deployments/{deployment.pk}/metrics/measured/"
    told = api("get", f"{path}?span=24h").json()
    assert (told["totals"]["requests"], told["totals"]["errors"], len(told["spots"])) == (1, 1, 60)
    assert [(use["credential"], use["requests"]) for use in told["credentials"]] == [("", 1)]
    assert api("get", f"{path}?span=2y").json()["errors"][0]["parameter"] == "span"


def test_the_log_is_exported_and_that_is_written_down(api: Api, deployment: Deployment, alice: User) -> None:
    recorder.forget()
    Client().get(f"/fhir/{deployment.pk}/r4/Patient?name=Ida")
    recorder.flush()
    path = f"deployments/{deployment.pk}/logs/export/"
    answer = api("get", f"{path}?status=4")
    lines = b"".join(answer).splitlines()
    assert [json.loads(line)["query"] for line in lines] == ["name=Ida"]
    assert list(api("get", f"{path}?status=5")) == []
    events = api("get", f"deployments/{deployment.pk}/audit-events/")
    assert events.headers["Content-Type"] == "application/fhir+ndjson"
    assert AuditEvent.objects.filter(action="deployment.log_exported").count() == 3
    assert Api(alice, Role.READ)("get", path).status_code == 403
