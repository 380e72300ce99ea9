"""Whatever goes wrong is told as a problem (RFC 9457) with the place of the fault, never as a page."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.utils import timezone

from deployments.models import Deployment
from portal.models import ManagementToken, Role, Tenant, User, Webhook
from portal.services.tokens import create_token
from tests.management_api.conftest import Api

pytestmark = pytest.mark.django_db(databases="__all__")

JSON = {"content_type": "application/json"}


def raw(api: Api, method: str, path: str, body: bytes | str = b"", **more: Any) -> Any:
    return api.client.generic(method, f"/api/v1/{path}", body, **{**JSON, **more})


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "nothing/", b"", 404),
        ("GET", "tenants", b"", 404),
        ("GET", "deployments/%00/", b"", 404),
        ("DELETE", "tenants/x/tokens/99999999999999999999999/", b"", 404),
        ("POST", "me/", b"{}", 405),
        ("FOO", "me/", b"", 405),
        ("POST", "tenants/", b"{", 400),
        ("POST", "tenants/", b"\xff\xfe", 400),
        ("POST", "tenants/", b"[" * 100_000, 400),
        ("POST", "tenants/", b'{"name": NaN}', 400),
        ("POST", "tenants/", b'{"name": "\\u0000"}', 400),
        ("POST", "tenants/", b"null", 400),
        ("POST", "tenants/", b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1), 413),
    ],
    ids=lambda part: repr(part)[:40],
)
@pytest.mark.parametrize("key", ["", "once"], ids=["without a key", "with a key"])
def test_what_cannot_be_done_is_told_as_a_problem(
    api: Api, method: str, path: str, body: bytes, status: int, key: str
) -> None:
    headers = {"headers": {"Idempotency-Key": key}} if key else {}
    answer = raw(api, method, path, body, **headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], bool(told["title"]), bool(told["detail"])) == (status, True, True)


@pytest.mark.parametrize("path", ["jobs/99/", "api-keys/nope/", "uploads/nope/"])
def test_what_is_not_there_is_told_without_names_of_the_code(
    api: Api, deployment: Deployment, path: str
) -> None:
    told = raw(api, "GET", f"deployments/{deployment.id}/{path}").json()
    assert told["status"] == 404
    assert "matches the given query" not in told["detail"]


def test_what_is_missing_in_a_header_is_told(api: Api, client: Client) -> None:
    told = raw(api, "POST", "tenants/", b"{}", headers={"Idempotency-Key": "x" * 300}).json()
    assert told["errors"] == [{"parameter": "Idempotency-Key", "detail": "Use 255 characters at most."}]
    assert "Authorization: Bearer fsm_" in client.get("/api/v1/me/").json()["detail"]


def test_other_media_types_are_neither_read_nor_written(api: Api) -> None:
    sent = raw(api, "POST", "tenants/", "name=x", content_type="application/x-www-form-urlencoded")
    wanted = api.client.get("/api/v1/me/", headers={"Accept": "text/html"})
    assert [sent.status_code, wanted.status_code] == [415, 406]
    assert {sent.headers["Content-Type"], wanted.headers["Content-Type"]} == {"application/problem+json"}


@override_settings(ALLOWED_HOSTS=["fireside.example"])
def test_a_host_that_is_not_ours_gets_a_problem(api: Api) -> None:
    answer = api.client.get("/api/v1/me/", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (400, "application/problem+json")


def test_too_many_requests_are_told_when_to_come_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.api.throttling.PersonThrottle.THROTTLE_RATES", {"user": "2/min"})
    answers = [api("get", "me/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["Content-Type"] == "application/problem+json"
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]


def test_a_misspelt_field_is_refused_and_what_was_told_may_be_sent_back(api: Api, tenant: Tenant) -> None:
    path = f"tenants/{tenant.slug}/"
    wrong = api("patch", path, {"nmae": "Ward"})
    assert wrong.json()["errors"] == [{"pointer": "#/nmae", "detail": "There is no such field."}]
    told = api("get", "me/").json()
    assert api("patch", "me/", {"wants_notices": not told["wants_notices"]}).status_code == 200


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("stat=RUNNING", "stat"),
        ("state=NOPE", "state"),
        ("page=0", "page"),
        ("page=" + "9" * 5000, "page"),
        ("page=two", "page"),
        ("page_size=0", "page_size"),
        ("page_size=201", "page_size"),
        ("page_size=x", "page_size"),
        ("name=%00", "name"),
    ],
    ids=lambda part: part[:20],
)
def test_a_query_that_means_nothing_is_refused_by_its_name(api: Api, query: str, parameter: str) -> None:
    answer = api("get", f"deployments/?{query}")
    assert answer.status_code == 400
    assert [fault["parameter"] for fault in answer.json()["errors"]] == [parameter]


def test_a_list_without_filters_refuses_them_too(api: Api) -> None:
    assert api("get", "tenants/?name=x").json()["errors"][0]["parameter"] == "name"


def test_what_was_made_at_once_is_on_one_page_each(api: Api, alice: User) -> None:
    for number in range(25):
        create_token(alice, f"token {number}", Role.READ, tenant=None, expires=None)
    ManagementToken.objects.update(created=timezone.now())
    pages = [api("get", f"tokens/?page={page}&page_size=10").json() for page in (1, 2, 3)]
    found = [one["id"] for page in pages for one in page["results"]]
    assert (len(found), len(set(found))) == (26, 26)
    assert api("get", "tokens/?page=4&page_size=10").status_code == 404


def test_a_refused_webhook_address_is_named(api: Api, tenant: Tenant) -> None:
    for url in ("https://10.0.0.1/", "https://127.0.0.1/hook"):
        answer = api("post", f"tenants/{tenant.slug}/webhooks/", {"url": url})
        assert answer.status_code == 400
        assert [fault["pointer"] for fault in answer.json()["errors"]] == ["#/url"]
    assert not Webhook.objects.exists()


def test_pages_of_the_api_are_the_only_html(client: Client, db: None) -> None:
    assert client.get("/api/v1/docs/").headers["Content-Type"].startswith("text/html")
    assert client.get("/api/v1/").headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "field", "choices"),
    [
        ("POST", "deployments/", "size", "xs, s, m, l, xl"),
        ("POST", "deployments/", "service_level", "live, test, development"),
        ("POST", "tenants/{tenant}/invitations/", "role", "read, write, admin, owner"),
        ("GET", "deployments/?size=huge", "size", "xs, s, m, l, xl"),
    ],
)
def test_a_choice_that_there_is_not_is_told_with_those_that_there_are(
    api: Api, tenant: Tenant, method: str, path: str, field: str, choices: str
) -> None:
    known = (
        {"email": "a@example.org"}
        if field == "role"
        else {"name": "x", "tenant": tenant.slug, "region": "local"}
    )
    body = {**known, field: "huge"}
    told = raw(api, method, path.format(tenant=tenant.slug), json.dumps(body)).json()
    faults = [one["detail"] for one in told["errors"] if one.get("pointer", f"#/{field}") == f"#/{field}"]
    assert faults == [f"“huge” is none of the choices: {choices}."]
