"""A deployment's life in a browser, against the running product: created, live, stopped, started, filled, deleted."""

import json
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.functional.conftest import Product

WORK_SECONDS = 60_000


def _sign_in(page: Page, product: Product) -> None:
    page.goto("/accounts/login/")
    page.fill("input[name=login]", product.demo["email"])
    page.fill("input[name=password]", product.demo["password"])
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/services/**")


def _create(page: Page, name: str) -> str:
    """Through the wizard; returns the Deployment ID of the overview it ends on."""
    page.goto("/deployments/")
    page.get_by_role("link", name="New deployment").click()
    page.get_by_label("Extra Small").check()
    page.get_by_label("5 synthetic patients").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name").fill(name)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Create deployment").click()
    page.wait_for_url("**/deployments/*/")
    return page.url.rstrip("/").rsplit("/", 1)[-1]


def _expect_state(page: Page, state: str) -> None:
    expect(page.locator("#deployment-lead .state")).to_have_text(state, timeout=WORK_SECONDS)


def test_a_deployment_lives_from_the_wizard_to_its_deletion(
    page: Page, product: Product, tmp_path: Path
) -> None:
    _sign_in(page, product)
    deployment = _create(page, "Ward 7")
    page.evaluate("window.stayed = true")
    _expect_state(page, "Running")
    assert page.evaluate("window.stayed"), "the state must change without loading the page again"
    metadata = f"{product.url}/fhir/{deployment}/r4/metadata"
    assert httpx.get(metadata).status_code == 200
    expect(page.get_by_text("1,930 of 100,000")).to_be_visible()

    page.get_by_role("button", name="Stop").click()
    _expect_state(page, "Stopped")
    assert httpx.get(metadata).status_code == 503
    page.get_by_role("button", name="Start").click()
    _expect_state(page, "Running")
    assert httpx.get(metadata).status_code == 200

    page.get_by_role("link", name="Data", exact=True).click()
    upload = tmp_path / "people.ndjson"
    lines = [json.dumps({"resourceType": "Person", "id": f"p{number}"}) for number in range(3)]
    upload.write_text("\n".join(lines))
    page.get_by_label("FHIR file").set_input_files(upload)
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_text("1,933 resources stored")).to_be_visible(timeout=WORK_SECONDS)

    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_label("Type Ward 7 to confirm").fill("Ward 7")
    page.get_by_role("button", name="Delete Ward 7").click()
    page.wait_for_url("**/deployments/")
    expect(page.locator(f"#card-{deployment}")).to_have_count(0, timeout=WORK_SECONDS)
    assert httpx.get(metadata).status_code == 404


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_a_deployment_have_no_axe_violations(page: Page, product: Product, scheme: str) -> None:
    _sign_in(page, product)
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    base = f"/deployments/{product.demo['deployment']}/"
    for path in ("/deployments/", "/deployments/new/options/", base, f"{base}data/", f"{base}settings/"):
        page.goto(path)
        results = Axe().run(page)
        assert results.violations_count == 0, f"{path}: {results.generate_report()}"


def test_choosing_to_connect_a_server_asks_for_it(page: Page, product: Product) -> None:
    _sign_in(page, product)
    page.goto("/deployments/new/options/")
    address = page.get_by_label("Base URL")
    expect(address).to_be_hidden()
    page.get_by_label("Connect an existing FHIR server").check()
    expect(address).to_be_visible()


def test_a_dialog_begins_at_its_first_field_and_enter_sends_it(page: Page, product: Product) -> None:
    _sign_in(page, product)
    page.goto(f"/deployments/{product.demo['deployment']}/credentials/")
    opener = page.get_by_role("link", name="Create API key")
    opener.press("Enter")
    page.keyboard.type("Typed alone")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Copy the key now")).to_contain_text("fsk_")
    expect(page.locator("tbody").first).to_contain_text("Typed alone")


def test_whoever_lands_on_the_address_of_a_form_reads_why_beside_the_form(
    page: Page, product: Product
) -> None:
    _sign_in(page, product)
    page.goto(f"/deployments/{product.demo['deployment']}/size/")
    expect(page.get_by_role("status").filter(has_text="Nothing was changed")).to_be_in_viewport()
    expect(page.get_by_role("heading", name="Size", exact=True)).to_be_in_viewport()
