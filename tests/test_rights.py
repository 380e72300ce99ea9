"""Every page and every call of the product, for every kind of person: the declared table decides (portal.rights)."""

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from deployments.models import Deployment
from portal.models import Role, Tenant, User
from portal.rights import OpenTo, list_openings, list_rights, role_for
from portal.subscriptions import subscribe
from tests.world import World, build_world, running_deployment

pytestmark = pytest.mark.django_db(databases="__all__")

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Of a tenant that is deleted: only its owner finds it, and only there.
OF_THE_DELETED = {"portal:restore", "portal-api:restore"}
# A person's own things, which nobody else has, the members of the same tenant neither; and what a body or query would have to name.
UNNAMED = {
    "records:record",
    *(
        "codes",
        "save",
        "take_over",
        "replay",
        "open-saved",
        "delete-saved",
        "download",
        "download-system",
        "edit",
    ),
    "servers:compose",  # a server that nobody reaches declares nothing
    *("mfa_view_recovery_codes", "mfa_download_recovery_codes", "mfa_deactivate_totp"),
}


def walk(resolver: URLResolver, prefix: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield path, f"{space}:{entry.name}" if space else str(entry.name)
        else:
            yield from walk(entry, path, entry.namespace or space)


ROUTES = sorted(walk(get_resolver()))
OPENINGS = {call: opening for opening in list_openings() for call in opening.calls()}
CALLS = [
    (method, path, name, role)
    for path, name in ROUTES
    for method in METHODS
    if name not in OF_THE_DELETED and (role := role_for(method, name)) is not None
]


@pytest.fixture
def deployment(tenant: Tenant, alice: User) -> Deployment:
    subscribe(tenant, actor=alice, service="fhir-server")
    return running_deployment(tenant)


@pytest.fixture
def world(tenant: Tenant, deployment: Deployment, alice: User) -> World:
    return build_world(tenant, deployment, alice)


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
        if wanted == "served" and {name, name.split(":")[-1]} & UNNAMED:
            wanted = "nothing"
        got = outcome(call(client, method, world.address(path, name)))
        if got != wanted:
            found.append(f"{method} {name}: {got}, not {wanted}")
    return "\n".join(found)


def expect_none(surprises: str) -> None:
    if surprises:
        pytest.fail(surprises, pytrace=False)


def test_every_route_is_in_the_table_and_each_other_method_refused(
    client: Client, alice: User, world: World
) -> None:
    """Alice is the owner, and operator besides: nothing but the method itself keeps her out."""
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    client.force_login(alice)
    declared = {(method, name) for method, _, name, _ in CALLS} | OPENINGS.keys()
    left_out = [
        f"{method} {name}: {got}"
        for path, name in ROUTES
        for method in METHODS
        if (method, name) not in declared
        and name not in OF_THE_DELETED
        and not path.startswith(
            "accounts/"
        )  # allauth's own: it sends a signed-in person on, whatever the method
        and (got := outcome(call(client, method, world.address(path, name)))) != "no method"
    ]
    expect_none("\n".join(left_out))


def test_every_route_is_named_with_what_it_is_open_to() -> None:
    names = {name for _, name in ROUTES}
    declared = {name for role in Role for right in list_rights(role) for _, name in right.calls()}
    opened = {name for _, name in OPENINGS}
    assert declared | opened == names
    assert declared & opened == set()
    assert len(CALLS) > 200
    assert all(opening.reason for opening in OPENINGS.values())


# What is open to whom, in the words of `outcome`: the anonymous, Alice whose things they are, Charlie who has nothing, an operator.
EXPECTED = {
    OpenTo.EVERYONE: ("served", "served", "served", "served"),
    OpenTo.SIGNED_IN: ("sign in", "served", "served", "served"),
    OpenTo.WHOSE_IT_IS: ("sign in", "served", "nothing", "nothing"),
    OpenTo.OPERATOR: ("sign in", "nothing", "nothing", "served"),
}


@pytest.mark.parametrize("who", ["anonymous", "alice", "charlie", "operator"])
def test_what_belongs_to_no_tenant_is_open_as_declared(
    who: str, client: Client, world: World, alice: User, charlie: User
) -> None:
    people = {"alice": alice, "charlie": charlie, "operator": charlie}
    User.objects.filter(pk=charlie.pk).update(is_staff=who == "operator")
    if who in people:
        client.force_login(people[who])
    position = ("anonymous", "alice", "charlie", "operator").index(who)
    found = []
    for path, name in ROUTES:
        for method in METHODS:
            opening = OPENINGS.get((method, name))
            if opening is None:
                continue
            got = outcome(call(client, method, world.address(path, name)))
            if "logout" in name and who in people:
                client.force_login(people[who])
            wanted = EXPECTED[opening.to][position] if opening.to in EXPECTED else ""
            if wanted == "served" and {name, name.split(":")[-1]} & UNNAMED:
                wanted = "nothing"
            if got != wanted and (wanted or got.startswith("fault")):
                found.append(f"{method} {name}: {got}, not {wanted or 'a fault'}")
    expect_none("\n".join(found))


@pytest.mark.parametrize("has", [None, *Role], ids=lambda role: role.label if role else "stranger")
def test_a_deleted_tenant_is_found_by_its_owners_alone(
    has: Role | None, client: Client, tenant: Tenant, world: World, bob: User
) -> None:
    tenant.memberships.filter(user=bob).update(role=has or Role.READ)
    if has is None:
        tenant.memberships.filter(user=bob).delete()
    Tenant.objects.filter(pk=tenant.pk).update(deleted=timezone.now())
    wanted = "served" if has is Role.OWNER else "nothing"
    for path, name in ROUTES:
        if name in OF_THE_DELETED:
            address = world.address(path, name)
            assert outcome(call(Client(), "POST", address)) == "sign in"
            client.force_login(bob)
            assert outcome(call(client, "POST", address)) == wanted
            assert outcome(call(client, "GET", address)) == "no method"


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
