"""Every page and every call of a tenant and its deployments, for every kind of person: the declared table decides (portal.rights)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from credentials.access import parse_access
from credentials.models import ApplicationKind, AuthenticationServer, ServerKind
from credentials.services import create_api_key
from deployments import transfers
from deployments.models import Deployment, Job, JobState, Region, State
from fhirserver import partitions
from gateway.models import RequestLog
from gateway.recorder import recorder
from portal.models import Membership, Role, Tenant, User, Webhook
from portal.notifications.events import send_test
from portal.notifications.signing import new_secret
from portal.rights import list_rights, role_for
from portal.services.members import create_invitation
from portal.services.tokens import create_token
from portal.subscriptions import subscribe
from smart.applications import Registration, create_application
from smart.servers import integrated_server
from smart.users import create_user

pytestmark = pytest.mark.django_db(databases="__all__")

OWNED = ("deployments/<", "tenants/<", "api/v1/tenants/<", "api/v1/deployments/<")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# For a tenant that is deleted: tests/portal/test_tenants.py and tests/management_api/test_tenants.py.
OF_THE_DELETED = {"portal:restore", "portal-api:restore"}
# A person's own things, which nobody else has, the members of the same tenant neither; and what a body or query would have to name.
UNNAMED = {
    *("explorer:codes", "explorer:save", "deployments:take_over"),
    *("explorer:replay", "explorer:open-saved", "explorer:delete-saved"),
    *("explorer:download", "explorer:download-system", "explorer:edit"),
}


def walk(resolver: URLResolver, prefix: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield path, f"{space}:{entry.name}"
        else:
            yield from walk(entry, path, entry.namespace or space)


ROUTES = sorted(
    (path, name)
    for path, name in walk(get_resolver())
    if path.startswith(OWNED) and name not in OF_THE_DELETED
)
CALLS = [
    (method, path, name, role)
    for path, name in ROUTES
    for method in METHODS
    if (role := role_for(method, name)) is not None
]


@dataclass
class World:
    """One of each thing that an address can name, by the name of the parameter."""

    ids: dict[str, object]

    def address(self, path: str, name: str) -> str:
        special = {"explorer:datatype": "HumanName", "explorer:elements": "Patient.name"}

        def fill(found: re.Match[str]) -> str:
            return special.get(name) or str(self.ids[found[1]])

        head, _, tail = path.partition("/<slug:deployment_id>/")
        path = f"{head}/{self.ids['deployment_id']}/{tail}" if tail or "deployment_id" in path else path
        return "/" + re.sub(r"<\w+:(\w+)>", fill, path)


@pytest.fixture
def deployment(tenant: Tenant, alice: User) -> Deployment:
    subscribe(tenant, actor=alice, service="fhir-server")
    return Deployment.objects.create(
        tenant=tenant,
        name="Ward 7",
        region=Region.objects.get(name="local"),
        size="xs",
        state=State.RUNNING,
        partition=partitions.reserve("region_local").number,
    )


@pytest.fixture
def world(tenant: Tenant, deployment: Deployment, alice: User) -> World:
    """Dora is a third member, so that there is somebody to change, remove and revoke."""
    dora = User.objects.create_user("dora@example.org", "correct-horse-battery", name="Dora")
    member = Membership.objects.create(tenant=tenant, user=dora, role=Role.READ)
    owner = tenant.memberships.get(user=alice)
    webhook = Webhook.objects.create(tenant=tenant, url="https://hooks.example/", secret=new_secret())
    application, _ = create_application(
        integrated_server(deployment),
        Registration(
            name="Chart",
            kind=ApplicationKind.CONFIDENTIAL,
            redirect_uris=["https://app.example/callback"],
            allowed_scopes="openid patient/*.rs",
        ),
        by=alice,
    )
    recorder.forget()
    Client().get(f"/fhir/{deployment.pk}/r4/Patient")
    recorder.flush()
    key, _ = create_api_key(deployment, by=alice, name="Lab", access=parse_access({"kind": "full"}))
    external = AuthenticationServer.objects.create(
        deployment=deployment, kind=ServerKind.EXTERNAL, name="Elsewhere", issuer="https://idp.example"
    )
    return World(
        {
            "slug": tenant.slug,
            "deployment_id": deployment.pk,
            "member_id": member.pk,
            "invitation_id": create_invitation(tenant, "emil@example.org", Role.READ, actor=owner).pk,
            "webhook_id": webhook.pk,
            "delivery_id": send_test(webhook).pk,
            "token_id": create_token(dora, "x", Role.READ, tenant=tenant, expires=None)[0].pk,
            "service": "fhir-server",
            "job_id": failed_import(deployment).pk,
            "name": "errors",
            "upload": transfers.begin_upload(deployment),
            "public_id": key.public_id,
            "application_id": application.pk,
            "secret_id": application.secrets.get().pk,
            "user_id": create_user(deployment, username="ida").pk,
            "server_id": external.pk,
            "trace_id": RequestLog.objects.get().trace_id,
            "resource_type": "Patient",
            "sent_id": 1,
            "saved_id": 1,
        }
    )


def failed_import(deployment: Deployment) -> Job:
    job = Job.objects.create(
        kind="import", deployment=deployment, state=JobState.FAILED, result={"errors": 1}, steps=[]
    )
    (transfers.job_directory(job) / "errors.ndjson").write_text('{"line": 1}\n')
    return job


def call(client: Client, method: str, address: str) -> HttpResponseBase:
    """The answer; whatever was changed is as before again."""
    cache.clear()
    kind = "application/json" if address.startswith("/api/v1/") else "application/x-www-form-urlencoded"
    body: Any = "{}" if kind == "application/json" else ""
    with transaction.atomic():
        if method == "GET":
            response = client.get(address)
        else:
            response = client.generic(method, address, body, content_type=kind)
        if isinstance(response, StreamingHttpResponse):
            # Read to its end, which closes the file behind it.
            response.getvalue()
        transaction.set_rollback(True)
    return response


def outcome(response: HttpResponseBase) -> str:
    """In the words of the table of expectations."""
    location = response.headers.get("Location", "")
    if response.status_code == 401 or location.startswith("/accounts/login/"):
        return "sign in"
    if response.status_code in (403, 404, 405):
        return {403: "forbidden", 404: "nothing", 405: "no method"}[response.status_code]
    return "served" if response.status_code < 500 else f"fault {response.status_code}"


def unexpected(client: Client, world: World, has: Role | None, otherwise: str) -> str:
    """Each call that is not answered as its role wants; `has` None: the person is no member, all get `otherwise`."""
    found = []
    for method, path, name, role in CALLS:
        wanted = otherwise if has is None else "served" if has >= role else "forbidden"
        if wanted == "served" and name in UNNAMED:
            wanted = "nothing"
        got = outcome(call(client, method, world.address(path, name)))
        if got != wanted:
            found.append(f"{method} {name}: {got}, not {wanted}")
    return "\n".join(found)


def expect_none(surprises: str) -> None:
    if surprises:
        pytest.fail(surprises, pytrace=False)


def test_every_route_and_method_is_in_the_table_or_refused(client: Client, alice: User, world: World) -> None:
    client.force_login(alice)
    declared = {(method, name) for method, _, name, _ in CALLS}
    left_out = [
        f"{method} {name}: {got}"
        for path, name in ROUTES
        for method in METHODS
        if (method, name) not in declared
        and (got := outcome(call(client, method, world.address(path, name)))) != "no method"
    ]
    expect_none("\n".join(left_out))


def test_the_table_names_only_routes_that_there_are() -> None:
    names = {name for _, name in ROUTES}
    declared = {name for role in Role for right in list_rights(role) for _, name in right.calls()}
    assert declared - names == set()
    assert len(CALLS) > 200


def test_nobody_gets_in_without_signing_in(client: Client, world: World) -> None:
    expect_none(unexpected(client, world, None, "sign in"))


def test_strangers_find_nothing(client: Client, charlie: User, world: World) -> None:
    client.force_login(charlie)
    expect_none(unexpected(client, world, None, "nothing"))


@pytest.mark.parametrize("has", list(Role), ids=lambda role: role.label)
def test_members_may_what_the_table_says(
    has: Role, client: Client, tenant: Tenant, bob: User, world: World
) -> None:
    tenant.memberships.filter(user=bob).update(role=has)
    client.force_login(bob)
    expect_none(unexpected(client, world, has, ""))


def test_the_roles_guide_tells_the_table(client: Client, db: None) -> None:
    text = unescape(client.get("/docs/roles/").content.decode())
    for role in Role:
        assert all(right.words in text for right in list_rights(role))
