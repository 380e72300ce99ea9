"""Whole journeys of people who are at home here: a developer with a hard search, an administrator who debugs a 403."""

import json
import os
import re
import subprocess
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.functional.conftest import Product


def sign_in(page: Page, product: Product) -> str:
    """As the demo's owner; where the deployment's pages begin."""
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(product.demo["email"])
    page.get_by_label("Password", exact=True).fill(product.demo["password"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/services/**")
    return f"/deployments/{product.demo['deployment']}/"


def authorize(page: Page, key: str) -> None:
    page.locator("#authorize > summary").click()
    page.locator("#credential").fill(key)
    page.locator("#authorize").get_by_role("button", name="Authorize", exact=True).click()
    expect(page.locator("#authorize .held-active")).to_be_attached()
    page.keyboard.press("Escape")


@pytest.fixture
def code(product: Product) -> str:
    """A code of its own, measured for the patients of two practitioners."""
    code = f"journey-{uuid4().hex[:8]}"
    entries = []
    for family, doctor in (("Ashdown", "Quill"), ("Birch", "Reed")):
        links = {kind: f"urn:uuid:{uuid4()}" for kind in ("Practitioner", "Patient")}
        seen_by = {"generalPractitioner": [{"reference": links["Practitioner"]}]}
        measured = {"status": "final", "subject": {"reference": links["Patient"]}}
        measured["code"] = {"coding": [{"code": code}]}
        for kind, content in (
            ("Practitioner", {"name": [{"family": doctor}]}),
            ("Patient", {"name": [{"family": family}], **seen_by}),
            ("Observation", measured),
        ):
            resource = {"resourceType": kind, **content}
            asked = {"request": {"method": "POST", "url": kind}, "resource": resource}
            entries.append({"fullUrl": links.get(kind, f"urn:uuid:{uuid4()}"), **asked})
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    credential = {"x-api-key": product.demo["api_key"]}
    httpx.post(product.demo["fhir_base"], json=bundle, headers=credential).raise_for_status()
    return code


def pick(page: Page, *steps: str) -> None:
    """A path through references, chosen in the picker."""
    path = page.get_by_role("button", name=re.compile(r"Ask through a reference|Another path"))
    path.click()
    group = page.get_by_role("group", name="A path through references")
    for step in steps:
        group.get_by_role("searchbox").fill(step)
        group.get_by_role("button", name=re.compile(f"^{re.escape(step)}")).first.click()


def test_a_developer_builds_a_hard_search_and_takes_it_along(page: Page, product: Product, code: str) -> None:
    home, key = sign_in(page, product), product.demo["api_key"]
    page.goto(f"{home}api/Patient/")
    authorize(page, key)
    pick(page, "general-practitioner", "Practitioner", "family")
    page.get_by_label(re.compile(r"^general-practitioner:Practitioner\.family")).fill("quill")
    pick(page, "Observation by", "patient", "code")
    page.get_by_label(re.compile(r"^_has:Observation:\w+:code")).fill(code)
    page.get_by_text("Result: sort, page, include, elements").click()
    page.get_by_label("include what these refer to").first.fill("Patient:general-practitioner")
    page.get_by_role("button", name="Execute").click()
    expect(page.locator("[data-status]")).to_have_text("200 OK")

    entries = page.get_by_role("region", name="Entries").get_by_role("row")
    expect(entries).to_have_count(3)
    expect(entries.filter(has_text="Ashdown")).to_have_count(1)
    expect(entries.filter(has_text="Quill")).to_have_class("included")
    expect(page.get_by_text("Birch")).to_have_count(0)

    page.get_by_role("radiogroup", name="Language").get_by_text("curl").click()
    command = page.locator("#snippet-curl").inner_text()
    environment = {"PATH": os.environ["PATH"], "FHIR_API_KEY": key}
    ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, env=environment)
    kinds = [each["resource"]["resourceType"] for each in json.loads(ran.stdout)["entry"]]
    assert sorted(kinds) == ["Patient", "Practitioner"]

    page.get_by_role("link", name="Permalink").click()
    assert key not in page.url + page.content()
    expect(page.get_by_label(re.compile(r"^general-practitioner:Practitioner\.family"))).to_have_value(
        "quill"
    )
    expect(page.locator("[data-status]")).to_have_count(0)

    page.get_by_text("Requests", exact=True).click()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("heading", name="Your requests")).to_be_focused()
    page.get_by_role("row", name=re.compile("general-practitioner")).first.get_by_role("link").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator("[data-status]")).to_have_text("200 OK")
    expect(page.get_by_role("region", name="Entries").get_by_role("row")).to_have_count(3)


def create_key(page: Page, home: str, name: str, permissions: str) -> str:
    """A key with chosen permissions; its secret."""
    page.goto(f"{home}credentials/keys/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_role("radio", name="Chosen resource types").check()
    page.get_by_label("Permissions").fill(permissions)
    page.get_by_role("button", name="Create key").click()
    found = re.search(r"fsk_[A-Za-z0-9_-]{20,}", page.get_by_text(re.compile("fsk_")).first.inner_text())
    assert found
    return found.group(0)


def test_an_administrator_finds_out_why_a_403_is_one_and_mends_it(page: Page, product: Product) -> None:
    home, name = sign_in(page, product), f"Ward app {uuid4().hex[:6]}"
    key = create_key(page, home, name, "Observation.rs")
    url = f"{product.demo['fhir_base']}/Patient?gender=male"
    refused = httpx.get(url, headers={"x-api-key": key})
    assert refused.status_code == 403
    trace = refused.headers["x-request-id"]

    logged = page.get_by_role("row", name=re.compile(f"403 {name}.*{trace}"))
    for _ in range(40):  # lines are written in batches
        page.goto(f"{home}logs/")
        if logged.count():
            break
        page.wait_for_timeout(250)
    logged.get_by_role("link", name=trace).click()
    why = page.get_by_role("region", name="Why it was refused")
    expect(why.get_by_role("row", name=re.compile("failed"))).to_have_count(1)
    smallest = why.locator("p", has_text="The smallest right that would pass").locator("code").inner_text()
    assert smallest == "Patient.s"

    mended = create_key(page, home, f"{name}, mended", f"Observation.rs\n{smallest}")
    assert httpx.get(url, headers={"x-api-key": mended}).status_code == 200
    # The refused request itself, sent again as the application's new key would send it.
    page.goto(f"{home}logs/{trace}/")
    page.get_by_role("link", name="Open in API Development").click()
    expect(page.get_by_label(re.compile("^gender"))).to_have_value("male")
    authorize(page, mended)
    page.get_by_role("button", name="Execute").click()
    expect(page.locator("[data-status]")).to_have_text("200 OK")
    page.get_by_role("link", name="Trace").click()
    expect(page.get_by_role("region", name="Why it was refused")).to_have_count(0)
    expect(page.get_by_text(f"{name}, mended")).to_be_visible()
