"""The guided tour, end to end: from signing up to a live, authorized FHIR request, in a real browser, mocking nothing."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.functional.conftest import Product

EMAIL = "grace@example.org"
PASSWORD = "a-lighthouse-at-dusk"
PROVISIONING_MS = 90_000


@pytest.fixture
def screenshots(request: pytest.FixtureRequest) -> Path | None:
    """Where SCREENSHOTS says pictures of the steps should be kept, if it does."""
    directory = os.environ.get("SCREENSHOTS")
    return Path(directory) if directory else None


def shot(page: Page, directory: Path | None, name: str) -> None:
    if directory:
        directory.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=directory / f"{name}.png")


def sign_up(page: Page, product: Product) -> None:
    page.goto("/")
    page.get_by_role("link", name=re.compile("sign up|create.*account|get started", re.I)).first.click()
    page.get_by_label("Name").fill("Grace Hopper")
    page.get_by_label("Email").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name=re.compile("sign up|create account", re.I)).click()
    page.get_by_label(re.compile("code", re.I)).fill(product.mailed_code(EMAIL))
    page.get_by_role("button", name=re.compile("confirm|verify|continue", re.I)).click()
    expect(page.get_by_role("heading", name="Cloud Services", level=1)).to_be_visible()


def start_trial(page: Page) -> None:
    page.get_by_role("link", name="Start trial").click()
    page.get_by_role("button", name="Start trial").click()
    expect(page.get_by_text(re.compile(r"30 days left|trial ends", re.I)).first).to_be_visible()


def create_deployment(page: Page) -> str:
    """Through the wizard until RUNNING; the Deployment ID."""
    page.goto("/deployments/new/")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name").fill("Grace's first server")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", name="Review")).to_be_visible()
    page.get_by_role("button", name="Create deployment").click()
    page.get_by_role("link", name="Grace's first server").first.click()
    expect(page.locator("#deployment-lead")).to_contain_text("Running", timeout=PROVISIONING_MS)
    found = re.search(r"/deployments/([a-z0-9]{12})/", page.url)
    assert found, page.url
    return found.group(1)


def create_key(page: Page, deployment: str) -> str:
    page.goto(f"/deployments/{deployment}/credentials/")
    page.get_by_role("link", name=re.compile("create.*key|new.*key", re.I)).first.click()
    page.get_by_label("Name").fill("Tour")
    page.get_by_role("radio", name=re.compile("Full:")).check()
    page.get_by_role("button", name="Create key").click()
    secret = page.get_by_text(re.compile(r"fsk_[A-Za-z0-9_-]{20,}")).first.inner_text()
    found = re.search(r"fsk_[A-Za-z0-9_-]+", secret)
    assert found
    page.goto(f"/deployments/{deployment}/credentials/")
    assert found.group(0) not in page.content(), "a secret is shown once"
    return found.group(0)


def open_patient(page: Page, deployment: str) -> None:
    page.goto(f"/deployments/{deployment}/")
    page.get_by_role("link", name="API Development").click()
    page.get_by_label("Resource type", exact=True).first.fill("Patien")
    page.get_by_role("link", name=re.compile(r"^Patient\b")).first.click()
    expect(page.get_by_role("heading", name="Patient", level=2)).to_be_visible()
    # The schema and the example are there to be read.
    expect(page.locator("#schema .schema")).to_contain_text("birthDate")
    expect(page.locator("#example")).to_contain_text('"Patient"')


def authorize(page: Page, key: str) -> None:
    page.locator("#authorize > summary").click()
    page.get_by_label("API key or access token").fill(key)
    page.get_by_role("button", name="Authorize", exact=True).click()
    expect(page.locator("#authorize > summary")).to_contain_text("Tour")
    assert key not in page.content(), "the explorer never shows the key again"


def open_operation(page: Page, key: str) -> None:
    summary = page.locator(f"#op-{key} > summary")
    if page.locator(f"#op-{key}").get_attribute("open") is None:
        summary.click()


def create_patient(page: Page) -> str:
    open_operation(page, "create")
    form = page.locator("#op-create")
    body = form.locator("textarea").first
    example = json.loads(body.input_value())
    assert example["resourceType"] == "Patient"
    example["gender"] = "male"
    example["name"] = [{"family": "Lovelace-Tour", "given": ["Byron"]}]
    fill_editor(page, json.dumps(example))
    form.get_by_role("button", name="Execute").click()
    expect(page.locator("#answer")).to_contain_text("201")
    found = re.search(r"Patient/([A-Za-z0-9.\-]+)/_history", page.locator("#answer").inner_html())
    assert found, page.locator("#answer").inner_text()
    return found.group(1)


def fill_editor(page: Page, text: str) -> None:
    """Put text into the body editor, whether it is a plain text area or one with an editor over it."""
    page.locator("#op-create textarea").first.evaluate(
        """(area, text) => {
            const host = area.closest('.django-ace-editor, .editor') || area.parentElement;
            const ace = host.querySelector('.ace_editor');
            if (ace && window.ace) { window.ace.edit(ace).setValue(text); }
            area.value = text;
            area.dispatchEvent(new Event('input', {bubbles: true}));
            area.dispatchEvent(new Event('change', {bubbles: true}));
        }""",
        text,
    )


def search_men(page: Page) -> str:
    """Search by gender through the form; the curl command that the page shows."""
    open_operation(page, "search")
    form = page.locator("#op-search")
    form.locator("[name^='gender']").first.fill("male")
    form.get_by_role("button", name="Execute").click()
    expect(page.locator("#request-line")).to_contain_text("gender=male")
    expect(page.locator("#answer")).to_contain_text("200")
    expect(page.locator("#answer")).to_contain_text("Lovelace-Tour")
    command = page.locator("#snippet-curl").inner_text()
    assert "$FHIR_API_KEY" in command
    return command


def entries(bundle: str) -> list[str]:
    return [entry["fullUrl"] for entry in json.loads(bundle)["entry"]]


def test_a_newcomer_gets_from_sign_up_to_an_authorized_request(
    page: Page, product: Product, screenshots: Path | None, tmp_path: Path
) -> None:
    sign_up(page, product)
    shot(page, screenshots, "1-services")
    start_trial(page)
    deployment = create_deployment(page)
    shot(page, screenshots, "2-overview")
    key = create_key(page, deployment)
    open_patient(page, deployment)
    shot(page, screenshots, "3-patient")
    authorize(page, key)
    created = create_patient(page)
    shot(page, screenshots, "4-created")

    command = search_men(page)
    shot(page, screenshots, "5-search")
    with page.expect_download() as download:
        page.locator("#answer").get_by_text("Download").first.click()
    body = tmp_path / "bundle.json"
    download.value.save_as(body)
    shown = entries(body.read_text())
    assert any(url.endswith(f"/Patient/{created}") for url in shown)

    replayed = subprocess.run(
        ["bash", "-c", command],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], "FHIR_API_KEY": key},
    )
    text = replayed.stdout[replayed.stdout.index("{") :]
    assert entries(text) == shown

    page.locator("#authorize > summary").click()
    page.get_by_role("button", name=re.compile("Logout Tour")).click()
    expect(page.locator("#authorize > summary")).to_contain_text("Authorize")
    page.locator("#op-search").get_by_role("button", name="Execute").click()
    expect(page.locator("#answer")).to_contain_text("401")
    shot(page, screenshots, "6-logout")
