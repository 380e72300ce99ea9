"""axe finds nothing on any page of the portal, wide and narrow, light and dark; the keyboard reaches what it must."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import LazySettings
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from portal.guides import GUIDES
from portal.models import Role, Tenant, User
from portal.services.members import create_invitation
from portal.subscriptions import start_trial

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct-horse-battery"
PUBLIC = ("/", "/docs/", *(f"/docs/{guide.slug}/" for guide in GUIDES), "/api/v1/docs/", "/nothing/")
ACCOUNT = ("/accounts/login/", "/accounts/signup/", "/accounts/password/reset/")
MODES = [(1280, "light"), (390, "dark")]


@pytest.fixture(autouse=True)
def no_earlier_throttles() -> None:
    cache.clear()


@pytest.fixture(params=MODES, ids=["wide-light", "narrow-dark"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    refused: list[str] = []
    page.on(
        "console", lambda message: refused.append(message.text) if "Security Policy" in message.text else None
    )
    yield page
    context.close()
    assert refused == []


def assert_accessible(page: Page, address: str) -> None:
    page.goto(address)
    found = Axe().run(page)
    assert found.violations_count == 0, f"{address}\n{found.generate_report()}"
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide, f"{address} scrolls sideways"


def log_in(page: Page, live_server: LiveServer, user: User) -> None:
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/services/")


def confirm_access(page: Page, live_server: LiveServer) -> None:
    """Second factors are only shown after the password was typed again."""
    page.goto(f"{live_server.url}/accounts/reauthenticate/?next=/account/")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{live_server.url}/account/")


def test_signed_out_pages(page: Page, live_server: LiveServer) -> None:
    for path in (*PUBLIC, *ACCOUNT):
        assert_accessible(page, live_server.url + path)


def test_the_operators_page(page: Page, live_server: LiveServer, tenant: Tenant, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    log_in(page, live_server, alice)
    assert_accessible(page, f"{live_server.url}/operator/")


def test_signed_in_pages(page: Page, live_server: LiveServer, tenant: Tenant, alice: User) -> None:
    owner = tenant.memberships.get(user=alice)
    create_invitation(tenant, "dora@example.org", Role.READ, actor=owner)
    start_trial(tenant, actor=alice)
    log_in(page, live_server, alice)
    confirm_access(page, live_server)
    names = ("members", "usage", "audit", "settings", "transfer", "delete", "leave")
    paths = [
        "/services/",
        "/services/fhir-server/subscribe/",
        "/tenants/",
        "/tenants/new/",
        *(reverse(f"portal:{name}", args=[tenant.slug]) for name in names),
        "/account/",
        "/account/tokens/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/2fa/webauthn/add/",
        "/accounts/sessions/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/docs/",
        "/styleguide/",
        "/nothing/",
    ]
    for path in paths:
        assert_accessible(page, live_server.url + path)


def test_menus_and_dialogs_work_by_keyboard(
    browser: Browser, live_server: LiveServer, tenant: Tenant, alice: User
) -> None:
    page = browser.new_page()
    log_in(page, live_server, alice)
    page.goto(f"{live_server.url}/tenants/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.locator(".user-menu summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Dark").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.keyboard.press("Escape")
    assert not page.get_by_role("button", name="Dark").is_visible()
    page.get_by_role("link", name="New tenant").last.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="New tenant")
    assert dialog.is_visible()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    page.close()


def test_a_passkey_signs_in_without_a_password(
    browser: Browser, live_server: LiveServer, alice: User, tenant: Tenant, settings: LazySettings
) -> None:
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
    page = browser.new_page()
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    log_in(page, live_server, alice)
    confirm_access(page, live_server)
    page.goto(f"{live_server.url}/accounts/2fa/webauthn/add/")
    page.get_by_label("Passwordless").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url("**/2fa/**recovery-codes/**")
    page.context.clear_cookies()
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url("**/services/")
    page.close()
