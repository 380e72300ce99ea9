"""What is shown stays where it is, unless the person moves it."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import User
from tests.explorer.browsing import NARROW, WIDE, authorize, in_browser, log_in

pytestmark = in_browser

SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts.push(entry.value);
}).observe({ type: "layout-shift", buffered: true });
"""


PAGES = (
    "", "Patient/", "Patient/?.do=search&.run=1", "Patient/?.do=create", "history/", "saved/", "bundle/", "tour/",
    "types/HumanName/", "elements/Patient.contact/", "Patient/versions/",
    "codes/?url=http://hl7.org/fhir/ValueSet/administrative-gender",
)  # fmt: skip


@pytest.mark.parametrize("page", [WIDE, NARROW], ids=["wide-light", "narrow-dark"], indirect=True)
def test_nothing_moves_but_by_the_persons_own_hand(
    page: Page, live_server: LiveServer, home: str, alice: User, api_key: str
) -> None:
    log_in(page, live_server, alice)
    page.goto(home)
    authorize(page, api_key)
    page.add_init_script(SHIFTS)

    def assert_still(what: str) -> None:
        page.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"
        )
        moved = page.evaluate("window.shifts.splice(0).reduce((sum, one) => sum + one, 0)")
        assert moved < 0.01, f"{what or 'all types'} moves by {moved}"

    for path in PAGES:
        page.goto(f"{home}{path}")
        if "create" in path:
            expect(page.locator(".editor-box .ace_gutter-cell").first).to_be_visible()
        assert_still(path)
    page.goto(f"{home}Patient/")
    page.get_by_role("button", name="Execute").click()
    expect(page.locator("[data-status]")).to_have_text("200 OK")
    assert_still("Execute")
    page.locator("#op-create > summary").click()
    expect(page.locator(".editor-box .ace_gutter-cell").first).to_be_visible()
    assert_still("a section that opens")
    page.locator('#schema .sch-open:text-is("contact")').click()
    expect(page.locator('[data-element="Patient.contact.relationship"].sch-row')).to_be_visible()
    assert_still("the tree that opens")
    page.locator("#schema").get_by_role("link", name="HumanName").first.click()
    expect(page.get_by_role("heading", name="HumanName")).to_be_focused()
    assert_still("the next page")
    page.go_back()
    expect(page.locator("[data-status]")).to_have_text("200 OK")
    assert_still("back")
