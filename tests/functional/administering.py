"""An administrator's browser before the running product, and the steps that several journeys share."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.functional.conftest import Product

PASSWORD = "warm-hearth-evening"


@pytest.fixture(scope="module")
def administrator(browser: Browser, product: Product) -> Iterator[BrowserContext]:
    """One browser for all: sign-in is throttled, and a person who signs in beside the administrator renews the session."""
    context = browser.new_context(base_url=product.url)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(product.demo["email"])
    page.get_by_label("Password", exact=True).fill(product.demo["password"])
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url(lambda url: "/login" not in url)
    yield context
    context.close()


@pytest.fixture
def admin(administrator: BrowserContext) -> Iterator[Page]:
    page = administrator.new_page()
    yield page
    page.close()


def check_page(page: Page) -> None:
    """What every page must be: nothing that axe finds, nothing wider than the screen."""
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide, f"{page.url} scrolls sideways"


def tab(product: Product, rest: str = "") -> str:
    return f"/deployments/{product.demo['deployment']}/oauth/{rest}"


def register(page: Page, product: Product, name: str, kind: str, scopes: str, **more: str) -> str:
    """Fills in the form and sends it; the client id."""
    page.goto(tab(product, "applications/new/"))
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Type", exact=True).select_option(kind)
    for field, text in {"scopes": scopes, **more}.items():
        page.locator(f"#id_{field}").fill(text)
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    return page.locator("dt:has-text('Client id') + dd code").inner_text()


def create_user(page: Page, product: Product, name: str, kind: str, words: str) -> str:
    """Creates a user linked to the first record found, who then chooses a password by the mailed link; the record."""
    page.goto(tab(product, "users/new/"))
    page.get_by_label("User name").fill(name)
    page.get_by_label("Email").fill(f"{name}@example.org")
    page.get_by_label("Resource type").select_option(kind)
    page.get_by_label("Name or id").fill(words)
    page.get_by_label("Name or id").press("Enter")
    page.locator("#find .btn-link").first.click()
    record = page.locator("#id_fhir_user").input_value()
    page.get_by_role("button", name="Create and invite").click()
    expect(page.get_by_role("row", name=re.compile(f"{name}.*Pending", re.S))).to_contain_text(record)
    choose_password(page, product, name)
    page.goto(tab(product, "users/"))
    expect(page.get_by_role("row", name=re.compile(f"{name}.*Enabled", re.S))).to_be_visible()
    return record


def choose_password(page: Page, product: Product, name: str) -> None:
    link = product.mailed_code(f"{name}@example.org", rf"^({product.url}/auth/\S+)$")
    page.goto(link)
    check_page(page)
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Save and sign in").click()
    expect(page.get_by_role("heading", name="Connected applications")).to_be_visible()
