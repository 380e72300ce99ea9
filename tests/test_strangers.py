"""No URL of a tenant or a deployment answers a stranger: the table is the product's own, so a new page is held to it at once."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from deployments.models import Deployment, Region, State
from explorer.models import ForeignServer
from portal.models import Tenant, User

OWNED = ("deployments/<", "tenants/<", "servers/<", "api/v1/tenants/<", "api/v1/deployments/<")


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield path
        else:
            yield from patterns(entry, path)


ROUTES = sorted({path for path in patterns(get_resolver()) if path.startswith(OWNED)})


def address(route: str, tenant: Tenant, deployment: Deployment, server: ForeignServer) -> str:
    """A URL of the route with the ids of something that exists, as far as the route names it."""
    path = route.replace("<slug:deployment_id>", deployment.pk).replace("<slug:server_id>", server.pk)
    path = path.replace("tenants/<slug:slug>", f"tenants/{tenant.slug}")
    path = re.sub(r"<str:(resource_type|name)>", "Patient", path)
    path = re.sub(r"<int:\w+>", "1", path)
    return "/" + re.sub(r"<\w+:\w+>", "abc123", path)


@pytest.fixture
def server(alice: User) -> ForeignServer:
    """A server elsewhere that Alice opened for herself."""
    return ForeignServer.objects.create(user=alice, base="https://fhir.example.org/r4")


@pytest.fixture
def deployment(tenant: Tenant) -> Deployment:
    region = Region.objects.get(name="local")
    return Deployment.objects.create(
        tenant=tenant, name="Ward 7", region=region, size="xs", state=State.RUNNING
    )


def test_the_table_of_routes_is_not_empty() -> None:
    assert len(ROUTES) > 60
    assert all(any(route.startswith(owned) for route in ROUTES) for owned in OWNED)


def answers(
    client: Client, tenant: Tenant, deployment: Deployment, server: ForeignServer, method: str
) -> dict[str, int | str]:
    """What each route answers: a status, or where it redirects to."""
    found: dict[str, int | str] = {}
    for route in ROUTES:
        response = getattr(client, method)(address(route, tenant, deployment, server))
        found[route] = response.headers.get("Location", response.status_code)
    return found


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_told_that_there_is_nothing(
    client: Client, charlie: User, tenant: Tenant, deployment: Deployment, server: ForeignServer, method: str
) -> None:
    client.force_login(charlie)
    found = answers(client, tenant, deployment, server, method)
    assert {route: answer for route, answer in found.items() if answer not in (404, 405)} == {}


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_sees_anything_without_signing_in(
    client: Client, tenant: Tenant, deployment: Deployment, server: ForeignServer, method: str
) -> None:
    found = answers(client, tenant, deployment, server, method)
    let_in = {
        route: answer
        for route, answer in found.items()
        if answer not in (401, 405) and not str(answer).startswith("/accounts/login/")
    }
    assert let_in == {}
