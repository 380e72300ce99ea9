"""A name as long as it may be, without a space, leaves the other columns of its table readable."""

import pytest
from django.core.cache import cache
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from portal.models import Role, Tenant, User
from portal.services.members import create_invitation
from tests.portal.test_accessibility import log_in, page

__all__ = ["page"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONGEST = f"{'x' * 64}@{'a' * 60}.{'b' * 60}.{'c' * 56}.example"


@pytest.fixture(autouse=True)
def no_earlier_throttles() -> None:
    cache.clear()


@pytest.mark.parametrize(("path", "beside"), [("members/", "td form button"), ("audit/", "td code")])
def test_a_long_address_does_not_squeeze_what_stands_beside_it(
    page: Page, live_server: LiveServer, tenant: Tenant, alice: User, path: str, beside: str
) -> None:
    create_invitation(tenant, LONGEST, Role.READ, actor=tenant.memberships.get(user=alice))
    log_in(page, live_server, alice)
    page.goto(f"{live_server.url}/tenants/{tenant.slug}/{path}")
    table = page.locator("table.table").bounding_box()
    neighbour = page.locator("tr", has_text="xxxx").locator(beside).first.bounding_box()
    assert table
    assert neighbour
    assert table["width"] < 1280
    assert neighbour["height"] < 40
