"""Every page of the running product, as its administrator sees it: no axe violation, nothing wider than the screen, no label with a colon."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.functional.conftest import Product

PAGES = (
    "/services/",
    "/tenants/",
    "/tenants/new/",
    "/tenants/demo-clinic/",
    "/tenants/demo-clinic/members/",
    "/tenants/demo-clinic/usage/",
    "/tenants/demo-clinic/audit/",
    "/tenants/demo-clinic/settings/",
    "/account/",
    "/account/tokens/",
    "/accounts/2fa/",
    "/accounts/sessions/",
    "/docs/",
    "/docs/quick-start/",
    "/docs/guides/",
    "/api/v1/docs/",
    "/deployments/",
    "/deployments/new/",
    "/deployments/{id}/",
    "/deployments/{id}/credentials/",
    "/deployments/{id}/credentials/keys/new/",
    "/deployments/{id}/oauth/",
    "/deployments/{id}/oauth/applications/new/",
    "/deployments/{id}/oauth/servers/new/",
    "/deployments/{id}/oauth/users/",
    "/deployments/{id}/oauth/users/new/",
    "/deployments/{id}/api/",
    "/deployments/{id}/api/Patient/",
    "/deployments/{id}/api/Bundle/",
    "/deployments/{id}/api/history/",
    "/deployments/{id}/api/saved/",
    "/deployments/{id}/api/bundle/",
    "/deployments/{id}/api/tour/",
    "/deployments/{id}/api/types/HumanName/",
    "/deployments/{id}/data/",
    "/deployments/{id}/guides/",
    "/deployments/{id}/logs/",
    "/deployments/{id}/metrics/",
    "/deployments/{id}/settings/",
    "/servers/",
    "/servers/{server}/api/",
    "/servers/{server}/api/Patient/",
    "/servers/{server}/api/Patient/?.do=search&.run=1",
    "/servers/{server}/api/history/",
    "/servers/{server}/api/saved/",
    "/servers/{server}/api/bundle/",
)
LOOKS = {"wide and light": (1280, "light"), "narrow and dark": (390, "dark")}


@pytest.fixture(params=LOOKS)
def administrator(request: pytest.FixtureRequest, browser: Browser, product: Product) -> Iterator[Page]:
    """The demo's owner, signed in."""
    width, scheme = LOOKS[request.param]
    context = browser.new_context(
        base_url=product.url, viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    page = context.new_page()
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(product.demo["email"])
    page.get_by_label("Password", exact=True).fill(product.demo["password"])
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url("**/services/**")
    yield page
    context.close()


def open_server(page: Page, product: Product) -> str:
    """The demo's own endpoint, opened by its base URL as any server elsewhere; the id that its pages have."""
    page.goto("/servers/")
    page.get_by_label("Base URL").fill(product.demo["fhir_base"])
    page.get_by_label("Authorization", exact=True).select_option("header")
    page.get_by_label("Token, user:password, or key").fill(product.demo["api_key"])
    page.get_by_role("button", name="Open", exact=True).click()
    page.wait_for_url("**/servers/*/api/")
    return page.url.split("/servers/")[1].partition("/")[0]


def test_no_page_has_an_accessibility_violation(administrator: Page, product: Product) -> None:
    faults = {}
    server = open_server(administrator, product)
    for path in PAGES:
        address = path.format(id=product.demo["deployment"], server=server)
        response = administrator.goto(address)
        assert response is not None
        violations = {
            one["id"]: [node["target"] for node in one["nodes"]][:3]
            for one in Axe().run(administrator).response["violations"]
        }
        too_wide = administrator.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        colons = [
            text for text in administrator.locator("label, legend").all_inner_texts() if text.endswith(":")
        ]
        hidden_tab = administrator.evaluate(
            "[...document.querySelectorAll('.tabs [aria-current]')]"
            ".some((tab) => tab.getBoundingClientRect().right > window.innerWidth)"
        )
        if response.status != 200 or violations or too_wide or colons or hidden_tab:
            faults[path] = {
                "status": response.status,
                "axe": violations,
                "scrolls sideways": too_wide,
                "colons": colons,
                "current tab out of sight": hidden_tab,
            }
    assert faults == {}
