"""A NUL in an address is refused before a database sees it: PostgreSQL takes none in a text."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.models import Tenant, User


@pytest.mark.parametrize("query", ["q=%00", "q=a%00b&page=1", "%00=1"])
def test_a_page_with_a_nul_in_its_query_is_refused(
    client: Client, tenant: Tenant, alice: User, query: str
) -> None:
    client.force_login(alice)
    refused = client.get(f"{reverse('portal:members', args=[tenant.slug])}?{query}")
    assert (refused.status_code, "cannot be read" in refused.content.decode()) == (400, True)


def test_a_call_with_a_nul_in_its_query_is_answered_with_a_problem(client: Client, alice: User) -> None:
    client.force_login(alice)
    refused = client.get("/api/v1/deployments/?cursor=%00")
    assert (refused.status_code, refused["Content-Type"]) == (400, "application/problem+json")


def test_what_only_looks_like_a_nul_is_let_through(client: Client, tenant: Tenant, alice: User) -> None:
    client.force_login(alice)
    page = reverse("portal:members", args=[tenant.slug])
    assert client.get(f"{page}?q=%2500").status_code == 200
