"""Whole journeys in a real browser, with and without JavaScript; axe finds nothing on the way."""

import re

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from portal.models import User
from tests.explorer.browsing import (
    NARROW,
    WIDE,
    assert_accessible,
    authorize,
    create_example_patient,
    in_browser,
    log_in,
)

pytestmark = in_browser


@pytest.mark.parametrize("page", [WIDE, NARROW], ids=["wide-light", "narrow-dark"], indirect=True)
def test_a_newcomer_finds_patient_authorizes_and_creates_one(
    page: Page, live_server: LiveServer, home: str, alice: User, api_key: str
) -> None:
    log_in(page, live_server, alice)
    page.goto(home)
    assert_accessible(page, "all types")
    page.get_by_label("Resource type", exact=True).fill("patient")
    page.get_by_label("Resource type", exact=True).press("Enter")
    page.wait_for_url("**/api/Patient/")
    assert_accessible(page, "Patient")
    authorize(page, api_key)
    page.locator("#op-create > summary").click()
    page.locator("#op-create").get_by_role("button", name="Execute").click()
    expect(page.locator("[data-status]")).to_have_text("201 Created")
    assert_accessible(page, "201 Created")
    page.get_by_role("link", name="Open it").click()
    expect(page.locator("[data-status]")).to_have_text("200 OK")
    assert ".do=read" in page.url
    page.locator(".views label", has_text="Raw").click()
    with page.expect_download() as download:
        page.locator("#answer").get_by_role("link", name="Download").click()
    assert '"Patient"' in download.value.path().read_text()
    page.locator("#authorize > summary").click()
    page.get_by_role("button", name="Logout Exploring").click()
    expect(page.locator("#authorize > summary")).to_have_text("Authorize")
    page.locator("#op-read").get_by_role("button", name="Execute").click()
    expect(page.locator("[data-status]")).to_have_text("401 Unauthorized")
    assert_accessible(page, "401")


def test_back_and_forward_show_what_was_shown(
    page: Page, live_server: LiveServer, home: str, alice: User, api_key: str
) -> None:
    log_in(page, live_server, alice)
    page.goto(f"{home}Patient/?.do=history-type")
    authorize(page, api_key)
    page.get_by_role("button", name="Execute").click()
    expect(page.locator("[data-status]")).to_have_text("200 OK")
    page.locator("#op-read > summary").click()
    page.locator("#read-id").fill("nobody")
    page.locator("#op-read").get_by_role("button", name="Execute").click()
    expect(page.locator("[data-status]")).to_have_text("404 Not Found")
    page.go_back()
    expect(page.locator("[data-status]")).to_have_text("200 OK")
    page.go_forward()
    expect(page.locator("[data-status]")).to_have_text("404 Not Found")


def test_an_entry_opens_as_the_next_request_without_another_page(
    page: Page, live_server: LiveServer, home: str, alice: User, api_key: str
) -> None:
    create_example_patient(page, live_server, home, alice, api_key)
    page.goto(f"{home}Patient/?.do=search&.run=1")
    page.evaluate("window.stays = true")
    page.locator(".seg-table tbody a").first.click()
    expect(page.locator("#request-line")).to_contain_text(re.compile(r"GET .*/Patient/[^?]+$"))
    expect(page.locator("[data-status]")).to_have_text("200 OK")
    assert ".do=read" in page.url
    assert page.evaluate("window.stays") is True
    page.go_back()
    expect(page.locator(".seg-table tbody a")).to_have_count(1)


def test_the_schema_opens_and_the_palette_finds(
    page: Page, live_server: LiveServer, home: str, alice: User
) -> None:
    log_in(page, live_server, alice)
    page.goto(f"{home}Patient/")
    page.get_by_role("button", name="Another value of birthdate (and)").click()
    expect(page.locator('input[name="birthdate"]')).to_have_count(2)
    page.locator("#search-birthdate").fill("1980")
    expect(page.locator(".op-line")).to_contain_text("Patients born in 1980")
    page.locator('#schema .sch-open:text-is("contact")').click()
    expect(page.locator('[data-element="Patient.contact.relationship"].sch-row')).to_be_visible()
    page.locator('#schema .sch-open:text-is("contact")').click()
    expect(page.locator('[data-element="Patient.contact.relationship"].sch-row')).to_be_hidden()
    page.locator('.sch-row[data-element="Patient.gender"] .sch-binding summary').click()
    expect(page.locator('.sch-row[data-element="Patient.gender"] .code-list')).to_contain_text("female")
    assert_accessible(page, "schema")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Resource type, operation or page").fill("observation")
    expect(page.locator("#palette-list li").first).to_contain_text("Observation")
    assert_accessible(page, "palette")
    page.keyboard.press("Enter")
    page.wait_for_url("**/api/Observation/")


def test_the_editor_completes_marks_problems_and_leads_to_them(
    page: Page, live_server: LiveServer, home: str, alice: User, api_key: str
) -> None:
    log_in(page, live_server, alice)
    page.goto(f"{home}Patient/?.do=create")
    authorize(page, api_key)
    box = page.locator(".editor-box")
    expect(box.locator(".ace_gutter-cell").first).to_be_visible()
    assert_accessible(page, "editor")
    box.locator(".ace_scroller").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text('{"resourceType": "Patient", ')
    page.keyboard.type('"gen', delay=100)
    expect(page.locator(".ace_autocomplete")).to_contain_text("gender")
    page.keyboard.press("Enter")
    page.keyboard.press("End")
    page.keyboard.press("Control+a")
    page.keyboard.insert_text('{\n"resourceType": "Patient",\n"gender": "nobody"\n}')
    expect(page.locator("[data-editor-list] a")).to_have_text("Line 3")
    expect(box.locator(".ace_gutter-cell.ace_error")).to_have_count(1)
    page.locator("#op-create").get_by_role("button", name="Dry run").click()
    expect(page.locator("[data-status]")).to_contain_text("422")
    assert_accessible(page, "a dry run that is refused")
    page.locator(".issue-place").click()
    expect(box.locator(".ace_text-input")).to_be_focused()
    expect(box.locator(".ace_gutter-active-line")).to_contain_text("3")


def test_everything_works_without_javascript(
    plain_page: Page, live_server: LiveServer, home: str, alice: User, api_key: str
) -> None:
    page = plain_page
    log_in(page, live_server, alice)
    page.goto(home)
    page.get_by_role("link", name="Patient", exact=True).first.click()
    page.locator("#authorize > summary").click()
    page.get_by_label("API key or access token").fill(api_key)
    page.locator("#authorize").get_by_role("button", name="Authorize", exact=True).click()
    page.locator("#op-create > summary").click()
    page.locator("#op-create").get_by_role("link", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator("[data-status]")).to_have_text("201 Created")
    page.locator("#op-history-type > summary").click()
    page.locator("#op-history-type").get_by_role("link", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator("[data-status]")).to_have_text("200 OK")
    page.locator('#schema .sch-open:text-is("contact")').click()
    expect(page.locator("h2", has_text="Patient.contact")).to_be_visible()


def pointed(page: Page) -> set[str]:
    """The elements that are marked, in the schema and in the example."""
    marked: list[str] = page.locator(".pointed").evaluate_all("all => all.map(one => one.dataset.element)")
    return set(marked)


def test_the_element_under_the_pointer_is_found_in_the_example_and_the_other_way_round(
    page: Page, live_server: LiveServer, home: str, alice: User
) -> None:
    log_in(page, live_server, alice)
    page.goto(f"{home}Patient/")
    example = page.locator(".jt-example")
    page.locator('.sch-row[data-element="Patient.gender"] .sch-card').hover()
    expect(example.locator(".pointed")).to_contain_text('"gender"')
    example.locator('[data-element="Patient.active"]').hover()
    expect(page.locator(".sch-row.pointed .sch-name")).to_have_text(re.compile("^active"))
    assert pointed(page) == {"Patient.active"}
    page.locator("h1").hover()
    expect(page.locator(".pointed")).to_have_count(0)

    # A choice stands under its type's name, an element of a data type below the rows of its type.
    page.locator('.sch-row[data-element="Patient.deceased"] .sch-card').hover()
    expect(example.locator(".pointed")).to_contain_text('"deceasedBoolean"')
    example.locator('[data-element="Patient.name.family"]').first.click()
    expect(page.locator('.sch-row[data-element="HumanName.family"]')).to_have_class(re.compile("pointed"))
    expect(page.locator('.sch-row[data-element="HumanName.family"]')).to_be_in_viewport()
    page.locator('.sch-row[data-element="HumanName.given"] .sch-card').hover()
    assert pointed(page) == {"HumanName.given", "Patient.name.given"}

    # By keyboard: what has the focus is found too.
    page.locator('.sch-row[data-element="Patient.contact"] .sch-open').focus()
    expect(example.locator('[data-element="Patient.contact"].pointed').first).to_be_in_viewport()
    example.locator('details[data-element="Patient.address"] > summary').first.focus()
    expect(page.locator(".sch-row.pointed .sch-name")).to_have_text(re.compile("^address"))


@pytest.mark.parametrize("page", [WIDE, NARROW], ids=["wide-light", "narrow-dark"], indirect=True)
def test_a_hard_search_is_built_by_keyboard(
    page: Page, live_server: LiveServer, home: str, alice: User, api_key: str
) -> None:
    log_in(page, live_server, alice)
    page.goto(f"{home}Observation/")
    authorize(page, api_key)
    page.get_by_role("button", name="Ask through a reference (chain, _has)").focus()
    page.keyboard.press("Enter")
    trail, pick, line = page.locator(".picker-trail"), page.locator("#search-pick"), page.locator(".op-line")
    for typed, told in (("subj", "subject: which type?"), ("patient", "Ask of Patient")):
        expect(pick).to_be_focused()
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page.locator(".picker-list")).to_contain_text(told)
    expect(trail).to_contain_text("subject → Patient")
    assert_accessible(page, "the picker")
    expect(pick).to_be_focused()
    page.keyboard.type("birthd")
    page.keyboard.press("Enter")
    expect(page.locator("#search-subject-patient-birthdate")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.type(">")
    page.keyboard.press("Tab")
    page.keyboard.type("1980")
    expect(line).to_contain_text("Observations whose subject is a patient born after 1980.")
    query = page.locator("#search-query")
    expect(query).to_have_value("subject:Patient.birthdate=gt1980")
    query.focus()
    page.keyboard.press("End")
    page.keyboard.type("&_filter=status eqq final")
    page.keyboard.press("Enter")
    expect(page.locator(".filter-fault mark")).to_have_text("eqq")
    assert_accessible(page, "a filter that is wrong")
    page.locator(".filter textarea").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("status eq final")
    expect(page.locator(".filter-fault mark")).to_have_count(0)
    expect(line).to_contain_text("a patient born after 1980 and for which status is final")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-status]")).to_have_text("200 OK")
    assert "subject:Patient.birthdate=gt1980" in page.url


@pytest.mark.parametrize("page", [WIDE, NARROW], ids=["wide-light", "narrow-dark"], indirect=True)
def test_a_composite_is_asked_by_its_parts_and_a_record_held_here_is_an_example(
    page: Page, live_server: LiveServer, home: str, alice: User, api_key: str
) -> None:
    create_example_patient(page, live_server, home, alice, api_key)
    page.locator("#example-choice").select_option("own")
    expect(page.locator(".held-list [aria-current]")).to_have_count(1)
    page.locator("#held-find").fill("nobody-of-this-name")
    page.locator("#held-find").press("Enter")
    expect(page.locator(".held-records")).to_contain_text("None of this id or name")
    assert_accessible(page, "records held here")
    page.goto(f"{home}Observation/?.do=search&code-value-quantity=8480-6$gt140")
    asked = page.get_by_role("group", name="code-value-quantity")
    page.get_by_role("button", name="Another value of code-value-quantity (and, or)").click()
    expect(asked).to_have_count(2)
    asked.nth(1).get_by_label(re.compile("^code")).fill("8462-4")
    asked.nth(1).get_by_label("Prefix of value-quantity").select_option("ge")
    asked.nth(1).get_by_label(re.compile("^value-quantity")).fill("90")
    expect(page.locator("#search-query")).to_have_value("code-value-quantity=8480-6$gt140,8462-4$ge90")
    expect(page.locator(".op-line")).to_contain_text("code is 8462-4 and value is at least 90 in one place")
    assert_accessible(page, "a composite")
    page.get_by_role("button", name="Execute").click()
    expect(page.locator("[data-status]")).to_have_text("200 OK")


def test_a_pasted_curl_line_over_the_query_opens_its_own_type(
    page: Page, live_server: LiveServer, home: str, alice: User
) -> None:
    log_in(page, live_server, alice)
    page.goto(f"{home}Patient/")
    page.locator("#search-query").fill(
        "curl 'https://h.org/r4/Observation?subject:Patient.name=Eve' \\\n -H 'Accept: x'"
    )
    page.locator("#search-query").press("Enter")
    page.wait_for_url("**/api/Observation/?.do=search&subject:Patient.name=Eve")
    expect(page.locator('input[name="subject:Patient.name"]')).to_have_value("Eve")


def test_a_path_is_picked_without_javascript(
    plain_page: Page, live_server: LiveServer, home: str, alice: User
) -> None:
    page = plain_page
    log_in(page, live_server, alice)
    page.goto(f"{home}Patient/?.do=search&gender=female")
    page.get_by_role("button", name="Ask through a reference (chain, _has)").click()
    page.get_by_role("button", name="Immunization by patient").click()
    page.get_by_role("button", name="vaccine-code token").click()
    page.locator('input[name="_has:Immunization:patient:vaccine-code"]').fill("207")
    page.keyboard.press("Enter")
    expect(page.locator("[data-status]")).to_have_text("401 Unauthorized")
    expect(page.locator(".op-line")).to_contain_text(
        "Female patients with an immunization whose vaccine-code is 207."
    )
