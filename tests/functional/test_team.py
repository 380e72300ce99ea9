"""A team's journey in two browsers: invite, join by the mailed link, get a role, issue a key, load data, see logs, take over, leave."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.functional.conftest import Product

MIA, PASSWORD = "mia@example.org", "a-kayak-in-the-fjord"
TEAM, SLUG = "Harbour Clinic", "harbour-clinic"
WORK_MS = 90_000
KEY = re.compile(r"fsk_[a-z0-9]{12}_[A-Za-z0-9]{49}")


@pytest.fixture
def mias(browser: Browser, product: Product) -> Iterator[Page]:
    """The other person's browser."""
    context = browser.new_context(base_url=product.url, viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    yield opened
    context.close()


def found_team(page: Page, product: Product) -> str:
    """The owner's tenant with a running deployment; the Deployment ID."""
    page.goto("/accounts/login/")
    page.fill("input[name=login]", product.demo["email"])
    page.fill("input[name=password]", product.demo["password"])
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/services/**")
    page.goto("/tenants/new/")
    page.get_by_label("Name").fill(TEAM)
    page.get_by_role("button", name=re.compile("create", re.I)).click()
    page.wait_for_url(f"**/tenants/{SLUG}/members/")
    page.goto("/services/fhir-server/trial/")
    page.get_by_label("Tenant", exact=True).select_option(label=TEAM)
    page.get_by_role("button", name="Start trial").click()
    page.goto("/deployments/new/")
    page.get_by_label("Empty").check()
    for _ in range(2):
        page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name").fill("Harbour server")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Create deployment").click()
    page.wait_for_url("**/deployments/*/")
    expect(page.locator("#deployment-lead .state")).to_have_text("Running", timeout=WORK_MS)
    return page.url.rstrip("/").rsplit("/", 1)[-1]


def join(mias: Page, product: Product) -> None:
    """By the link in the mail, with a new account."""
    link = product.mailed_code(MIA, r"(http://\S+/invitations/\S+/)")
    mias.goto(link)
    mias.get_by_role("link", name=re.compile("sign up|create.*account", re.I)).first.click()
    mias.get_by_label("Name").fill("Mia Berg")
    mias.get_by_label("Email").fill(MIA)
    mias.get_by_label("Password", exact=True).fill(PASSWORD)
    mias.get_by_role("button", name=re.compile("sign up|create account", re.I)).click()
    mias.get_by_label(re.compile("code", re.I)).fill(product.mailed_code(MIA))
    mias.get_by_role("button", name=re.compile("confirm|verify|continue", re.I)).click()
    expect(mias.get_by_role("heading", name=f"Join {TEAM}")).to_be_visible()
    mias.get_by_role("button", name="Accept").click()
    expect(mias.get_by_role("heading", name=TEAM)).to_be_visible()


def test_a_team_works_together_and_its_ownership_changes_hands(
    page: Page, mias: Page, product: Product, tmp_path: Path
) -> None:
    deployment = found_team(page, product)
    page.goto(f"/tenants/{SLUG}/members/")
    page.get_by_label("Email").fill(MIA)
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text(f"An invitation was mailed to {MIA}.")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile(MIA))).to_contain_text("Pending")
    join(mias, product)

    # With the role Read there is no key to issue and no data to load.
    assert mias.goto(f"/deployments/{deployment}/credentials/keys/new/").status == 403  # type: ignore[union-attr]
    page.reload()
    page.get_by_label("Role of Mia Berg").select_option(label="Admin")
    page.get_by_role("button", name="Change role of Mia Berg").click()
    expect(page.get_by_text("Mia Berg has the role Admin now.")).to_be_visible()

    key = issue_key(mias, deployment)
    load_data(mias, deployment, tmp_path)
    answer = httpx.get(
        f"{product.url}/fhir/{deployment}/r4/Person?_summary=count", headers={"x-api-key": key}
    )
    assert answer.json()["total"] == 3
    wait_for_line(mias, deployment)

    page.goto(f"/tenants/{SLUG}/settings/transfer/")
    page.get_by_label("New owner").select_option(label=f"Mia Berg ({MIA})")
    page.get_by_role("button", name="Transfer ownership").click()
    expect(page.get_by_text(f"Mia Berg owns {TEAM} now.")).to_be_visible()
    page.get_by_role("link", name="Leave").click()
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_text(f"You left {TEAM}.")).to_be_visible()
    assert page.goto(f"/tenants/{SLUG}/members/").status == 404  # type: ignore[union-attr]

    # Who left is gone from the list, and everything is written down.
    mias.goto(f"/tenants/{SLUG}/audit/")
    for action in ("member.joined", "member.role_changed", "tenant.transferred", "member.left"):
        expect(mias.get_by_role("table").get_by_text(action).first).to_be_visible()
    mias.goto(f"/tenants/{SLUG}/members/")
    expect(mias.get_by_role("row", name=re.compile(product.demo["email"]))).to_have_count(0)


def wait_for_line(mias: Page, deployment: str) -> None:
    """The request with Mia's key is in the log within seconds."""
    line = mias.get_by_role("row", name=re.compile("Mia's laptop"))
    for _ in range(20):
        mias.goto(f"/deployments/{deployment}/logs/")
        if line.count():
            break
        mias.wait_for_timeout(500)
    expect(line.first).to_contain_text("200")


def issue_key(mias: Page, deployment: str) -> str:
    mias.goto(f"/deployments/{deployment}/credentials/keys/new/")
    mias.get_by_label("Name", exact=True).fill("Mia's laptop")
    mias.get_by_role("button", name="Create key").click()
    shown = mias.get_by_role("dialog", name="Copy the key now")
    expect(shown).to_contain_text("fsk_")
    found = KEY.search(shown.inner_text())
    assert found, shown.inner_text()
    return found[0]


def load_data(mias: Page, deployment: str, tmp_path: Path) -> None:
    file = tmp_path / "people.ndjson"
    file.write_text("".join(json.dumps({"resourceType": "Person", "id": f"p{n}"}) + "\n" for n in range(3)))
    mias.goto(f"/deployments/{deployment}/data/")
    mias.get_by_label("FHIR file").set_input_files(file)
    mias.get_by_role("button", name="Upload and check").click()
    expect(mias.get_by_text("3 resources stored")).to_be_visible(timeout=WORK_MS)
