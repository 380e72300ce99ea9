"""What the tests in a real browser have in common."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import User

PASSWORD = "correct-horse-battery"
WIDE, NARROW = (1440, "light"), (390, "dark")
in_browser = [
    pytest.mark.browser,
    pytest.mark.usefixtures("emptied_stores"),
    pytest.mark.django_db(transaction=True, databases=["default", "region_local"]),
]


def log_in(page: Page, live_server: LiveServer, user: User) -> None:
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/services/")


def authorize(page: Page, api_key: str) -> None:
    page.locator("#authorize > summary").click()
    page.get_by_label("API key or access token").fill(api_key)
    page.locator("#authorize").get_by_role("button", name="Authorize", exact=True).click()
    expect(page.locator("#authorize > summary")).to_contain_text("Exploring")


def create_example_patient(page: Page, live_server: LiveServer, home: str, user: User, api_key: str) -> None:
    """Log in, authorize, and send the example of a Patient from its page."""
    log_in(page, live_server, user)
    page.goto(f"{home}Patient/?.do=create")
    authorize(page, api_key)
    page.locator("#op-create").get_by_role("button", name="Execute").click()
    expect(page.locator("[data-status]")).to_have_text("201 Created")


def assert_accessible(page: Page, what: str) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{what}\n{found.generate_report()}"
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide, f"{what} scrolls sideways"
