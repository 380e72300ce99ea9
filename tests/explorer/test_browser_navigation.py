"""Ways inside API Development in a real browser: one document from page to page, and back brings what was left."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from deployments.models import Deployment
from portal.models import User
from tests.explorer.browsing import NARROW, WIDE, assert_accessible, authorize, in_browser, log_in

pytestmark = in_browser
BOTH = pytest.mark.parametrize("page", [WIDE, NARROW], ids=["wide-light", "narrow-dark"], indirect=True)


def begin(page: Page, live_server: LiveServer, address: str, alice: User, api_key: str) -> None:
    """Signed in and authorized, in a document that knows whether it was left."""
    log_in(page, live_server, alice)
    page.goto(address)
    authorize(page, api_key)
    page.keyboard.press("Escape")
    page.evaluate("window.stays = true")


def assert_stays(page: Page) -> None:
    assert page.evaluate("window.stays") is True, "a full page was loaded"


def go_to(page: Page, words: str) -> None:
    """By the palette."""
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Resource type, operation or page").fill(words)
    expect(page.locator("#palette-list li").first).to_contain_text(words)
    page.keyboard.press("Enter")


def create_patient(page: Page, family: str) -> None:
    page.locator(".editor-box .ace_scroller").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(f'{{"resourceType": "Patient", "name": [{{"family": "{family}"}}]}}')
    page.locator("#op-create").get_by_role("button", name="Execute").click()
    expect(page.locator("[data-status]")).to_have_text("201 Created")


@BOTH
def test_all_ways_inside_lead_through_one_document(
    page: Page, live_server: LiveServer, home: str, alice: User, api_key: str
) -> None:
    begin(page, live_server, home, alice, api_key)
    page.get_by_label("Resource type", exact=True).fill("obs")
    page.keyboard.press("Enter")
    expect(page).to_have_title(re.compile("^Observation: "))
    expect(page.get_by_role("heading", name="Observation", exact=True)).to_be_focused()
    expect(page.locator("#live")).to_contain_text("Observation: ")
    page.locator(".ex-chooser > summary").click()
    page.locator(".ex-chooser").get_by_label("Resource type", exact=True).fill("patient")
    page.keyboard.press("Enter")
    expect(page).to_have_title(re.compile("^Patient: "))
    expect(page.locator("#authorize > summary")).to_contain_text("Exploring")
    page.locator("#schema").get_by_role("link", name="HumanName").first.click()
    expect(page).to_have_url(re.compile("/types/HumanName/$"))
    assert_accessible(page, "a data type")
    go_to(page, "Saved requests")
    expect(page).to_have_url(re.compile("/saved/$"))
    go_to(page, "History of your requests")
    expect(page).to_have_url(re.compile("/history/$"))
    assert_stays(page)
    page.go_back()
    page.go_back()
    expect(page).to_have_title(re.compile("^HumanName: "))
    page.go_back()
    expect(page.locator("#schema").get_by_role("link", name="HumanName").first).to_be_focused()
    assert_stays(page)
    assert_accessible(page, "a page that came back")


def test_back_brings_an_unsent_body_its_answer_and_the_present_credential(
    page: Page, live_server: LiveServer, home: str, alice: User, api_key: str
) -> None:
    begin(page, live_server, f"{home}Patient/?.do=create", alice, api_key)
    create_patient(page, "Kept")
    page.get_by_role("link", name="Open it").click()
    expect(page.locator("[data-status]")).to_have_text("200 OK")
    page.locator("#authorize > summary").click()
    page.get_by_role("button", name="Logout Exploring").click()
    expect(page.locator("#authorize > summary")).to_have_text("Authorize")
    page.go_back()
    expect(page.locator("[data-status]")).to_have_text("201 Created")
    expect(page.locator(".editor-box .ace_content")).to_contain_text("Kept")
    expect(page.locator("#authorize > summary")).to_have_text("Authorize")
    page.locator("#authorize > summary").click()
    page.get_by_label("API key or access token").fill(api_key)
    page.locator("#authorize").get_by_role("button", name="Authorize", exact=True).click()
    expect(page.locator("#authorize > summary")).to_contain_text("Exploring")
    page.locator("#op-create").get_by_role("button", name="Execute").click()
    expect(page.locator("[data-status]")).to_have_text("201 Created")
    assert_stays(page)


def test_back_from_an_entry_shows_the_list_without_asking_again(
    page: Page, live_server: LiveServer, home: str, alice: User, api_key: str
) -> None:
    begin(page, live_server, f"{home}Patient/?.do=create", alice, api_key)
    create_patient(page, "Listed")
    page.locator("#op-search > summary").click()
    page.locator("#search-family").fill("Listed")
    page.locator("#search-family").press("Enter")
    entry = page.locator(".seg-table tbody a").first
    entry.click()
    expect(page.locator("#request-line")).to_contain_text(re.compile(r"GET .*/Patient/[^?]+$"))
    expect(page.locator("#answer")).to_be_focused()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    page.go_back()
    expect(entry).to_be_focused()
    page.go_forward()
    expect(page.locator("#request-line")).to_contain_text(re.compile(r"GET .*/Patient/[^?]+$"))
    assert asked == []
    page.get_by_role("link", name="Edit", exact=True).click()
    expect(page.locator("#op-update .editor-box .ace_content")).to_contain_text("Listed")
    assert_stays(page)


@BOTH
def test_a_request_is_collected_composed_and_sent_without_a_full_page(
    page: Page, live_server: LiveServer, home: str, alice: User, api_key: str
) -> None:
    begin(page, live_server, f"{home}Patient/?.do=create", alice, api_key)
    page.locator("#op-create").get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Add to a Bundle").click()
    expect(page.locator(".bundle-list li")).to_have_count(1)
    assert_accessible(page, "the composer")
    page.get_by_role("button", name="To the editor").click()
    expect(page.locator("#op-batch .editor-box .ace_content")).to_contain_text("transaction")
    page.locator("#op-batch").get_by_role("button", name="Execute").click()
    expect(page.locator("[data-status]")).to_have_text("200 OK")
    page.get_by_text("Save", exact=True).click()
    page.get_by_label("Name", exact=True).fill("One patient")
    page.get_by_role("button", name="Save the request").click()
    expect(page.get_by_role("status").filter(has_text="Saved as “One patient”.")).to_be_visible()
    page.get_by_role("link", name="One patient").click()
    expect(page.locator("#op-batch .editor-box .ace_content")).to_contain_text("transaction")
    assert_stays(page)


def test_who_was_signed_out_meanwhile_is_led_to_the_sign_in(
    page: Page, live_server: LiveServer, home: str, alice: User, api_key: str
) -> None:
    begin(page, live_server, home, alice, api_key)
    page.context.clear_cookies()
    page.get_by_role("link", name="Observation", exact=True).click()
    page.wait_for_url(re.compile(r"/accounts/login/\?next=/deployments/\w+/api/Observation/$"))


def measured(page: Page) -> dict[str, Any]:
    """What the browser holds after it has collected its garbage."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")
    for _ in range(3):
        cdp.send("HeapProfiler.collectGarbage")
    found = {each["name"]: each["value"] for each in cdp.send("Performance.getMetrics")["metrics"]}
    cdp.detach()
    return found


def test_fifty_ways_later_the_browser_holds_no_more(
    page: Page, live_server: LiveServer, home: str, alice: User, api_key: str
) -> None:
    begin(page, live_server, home, alice, api_key)
    round_trip = (
        "Patient/?.do=create",
        "Observation/",
        "types/HumanName/",
        "",
        "Condition/?.do=search&.run=1",
    )

    def travel(times: int) -> dict[str, Any]:
        for path in round_trip * times:
            page.evaluate(
                "url => document.dispatchEvent(new CustomEvent('explorer:go', { detail: { url } }))",
                home + path,
            )
            expect(page).to_have_url(home + path)
            if "create" in path:
                expect(page.locator(".editor-box .ace_gutter-cell").first).to_be_visible()
        return measured(page)

    before, after = travel(3), travel(10)
    assert_stays(page)
    assert after["Nodes"] < before["Nodes"] * 1.1
    assert after["JSEventListeners"] < before["JSEventListeners"] * 1.1
    assert after["JSHeapUsedSize"] < before["JSHeapUsedSize"] * 1.15 + 500_000


def test_a_page_that_is_swapped_in_comes_without_its_shell(explorer: Client, deployment: Deployment) -> None:
    address = reverse("explorer:resource", args=[deployment.pk, "Patient"])
    whole = explorer.get(address)
    inner = explorer.get(address, headers={"HX-Request": "true", "HX-Boosted": "true"})
    assert b"<!doctype html>" in whole.content
    assert b"<!doctype html>" not in inner.content
    assert b"<title>Patient: Ward 7 \xc2\xb7 Fireside</title>" in inner.content
    for marked in (b'id="explorer"', b'id="schema"', b'id="authorize"'):
        assert whole.content.count(marked) == inner.content.count(marked) == 1
    assert {"HX-Request", "HX-Boosted"} <= set(re.split(r",\s*", inner["Vary"]))
