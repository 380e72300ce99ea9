"""A form that comes back begins at its first fault, however far down the page it is."""

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import Tenant, User
from tests.portal.test_accessibility import log_in, page

__all__ = ["page"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def no_earlier_throttles() -> None:
    cache.clear()


def test_the_field_that_is_wrong_has_the_focus_and_keeps_what_was_typed(
    page: Page, live_server: LiveServer, tenant: Tenant, alice: User
) -> None:
    log_in(page, live_server, alice)
    page.goto(f"{live_server.url}/tenants/{tenant.slug}/members/")
    page.get_by_label("Email").fill("bob@example.org")
    page.get_by_role("button", name="Send invitation").click()
    field = page.get_by_label("Email")
    expect(field).to_be_focused()
    expect(field).to_have_value("bob@example.org")
    expect(field).to_have_accessible_description("bob@example.org is a member already.")
