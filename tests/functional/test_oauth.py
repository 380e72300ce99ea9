"""OAuth 2.0 and SMART in the running product: an administrator, a clinician, a patient, and an application that is none of it."""

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.functional.conftest import Product
from tests.functional.smart_app import SCOPE, App, serve

PASSWORD = "warm-hearth-evening"
FORGET = 1.3  # seconds after which a revocation holds in every process


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
    page.set_default_timeout(15_000)
    yield page
    page.close()


@pytest.fixture
def app() -> Iterator[App]:
    made = App()
    server = serve(made)
    yield made
    server.shutdown()
    server.server_close()


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
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Save and sign in").click()
    expect(page.get_by_role("heading", name="Connected applications")).to_be_visible()


def introspects(product: Product, client_id: str, secret: str) -> int:
    address = f"{product.url}/auth/{product.demo['deployment']}/introspect"
    return httpx.post(address, data={"token": "x"}, auth=(client_id, secret)).status_code


def shown_secret(page: Page) -> str:
    return page.get_by_label("Shown once").locator("code").inner_text()


def test_secrets_are_shown_once_rotate_with_two_alive_and_end(admin: Page, product: Product) -> None:
    page = admin
    more = {"redirect_uris": "https://planner.example/cb"}
    client_id = register(page, product, "Planner", "confidential", "openid patient/*.rs", **more)
    first = shown_secret(page)
    page.reload()
    assert first not in page.content()
    page.get_by_role("button", name="Make a new secret").click()
    second = shown_secret(page)
    assert [introspects(product, client_id, one) for one in (first, second, "wrong")] == [200, 200, 401]
    page.reload()
    for secret in (first, second):
        row = page.get_by_role("row", name=re.compile(f"…{secret[-4:]}"))
        expect(row).to_contain_text("Active")
        expect(row).not_to_contain_text("Never")
    page.get_by_role("button", name=f"End the secret ending in {first[-4:]}").click()
    assert [introspects(product, client_id, one) for one in (first, second)] == [401, 200]
    page.get_by_role("button", name="Switch off").click()
    assert introspects(product, client_id, second) == 401
    page.get_by_role("button", name="Switch on").click()
    assert introspects(product, client_id, second) == 200


def test_the_builder_refuses_at_its_place_and_enter_registers(admin: Page, product: Product) -> None:
    page = admin
    page.goto(tab(product, "applications/new/"))
    page.get_by_label("Name", exact=True).fill("Built")
    page.locator("#id_redirect_uris").fill("https://built.example/cb")
    builder = page.locator("#builder")
    for kind, words in (
        ("Patient", None),
        ("Patient", "Scope 2: “patient/Patient.rs” is there twice, first as scope 1."),
        ("Heart", "“Heart” in “patient/Heart.rs” is not a resource type of FHIR R4."),
    ):
        builder.get_by_label("Resource type").fill(kind)
        builder.get_by_label("Resource type").press("Enter")
        if words:
            expect(builder.get_by_role("alert")).to_have_text(words)
            expect(builder.get_by_role("alert")).to_be_in_viewport()
        expect(page.locator("#id_scopes")).to_have_value("patient/Patient.rs")
    page.get_by_label("Name", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Built")).to_be_visible()
    assert page.get_by_label("Shown once").count() == 0, "a public application has no secret"


def test_a_backend_service_is_tried_and_ends_with_the_decoded_token(admin: Page, product: Product) -> None:
    key = ECKey.generate_key("P-384", parameters={"kid": "night"})
    public = {"keys": [key.as_dict(private=False)]}
    register(
        admin, product, "Night shift", "backend", "system/Patient.rs", jwks=str(public).replace("'", '"')
    )
    assert admin.get_by_label("Shown once").count() == 0, "it signs with its key"
    admin.get_by_role("button", name="Try it").click()
    expect(admin.get_by_text("The flow ended with an access token.")).to_be_visible()
    expect(admin.locator("main")).to_contain_text('"scope": "system/Patient.rs"')


def test_a_patient_tries_an_application_sees_it_listed_and_takes_it_back(
    admin: Page, product: Product
) -> None:
    page = admin
    record = create_user(page, product, "laura", "Patient", "Merino")
    scopes = "openid launch/patient patient/Patient.rs patient/Observation.rs"
    register(page, product, "Diary", "public", scopes, redirect_uris="https://diary.example/cb")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("heading", name="Allow Diary?")).to_be_visible()
    page.get_by_label("Read and search the patient's measurements and test results").uncheck()
    page.get_by_role("button", name="Allow").click()
    expect(page.locator("main")).to_contain_text(f'"patient": "{record.partition("/")[2]}"')
    expect(page.locator("dt:has-text('scope') + dd")).to_have_text("openid launch/patient patient/Patient.rs")
    token = page.locator("dt:has-text('access_token') + dd [data-copy]").get_attribute("data-copy")
    base, headers = product.demo["fhir_base"], {"Authorization": f"Bearer {token}"}
    found = [httpx.get(f"{base}/{path}", headers=headers).status_code for path in (record, "Observation")]
    assert found == [200, 403]
    page.goto(f"/auth/{product.demo['deployment']}/apps/")
    expect(page.locator("article", has_text="Diary")).to_contain_text("personal details")
    expect(page.locator("article", has_text="Diary")).not_to_contain_text("measurements")
    page.get_by_role("button", name="Disconnect Diary").click()
    time.sleep(FORGET)
    assert httpx.get(f"{base}/{record}", headers=headers).status_code == 401


def test_a_user_who_is_switched_off_cannot_sign_in_and_a_new_link_is_mailed(
    admin: Page, product: Product
) -> None:
    create_user(admin, product, "della", "Patient", "Hettinger")
    users = tab(product, "users/")
    admin.get_by_role("button", name="Switch off della").click()
    expect(admin.get_by_role("row", name=re.compile("della.*Disabled", re.S))).to_be_visible()
    apps = f"/auth/{product.demo['deployment']}/apps/"
    admin.goto(apps)
    admin.get_by_label("User name").fill("della")
    admin.get_by_label("Password").fill(PASSWORD)
    admin.get_by_role("button", name="Sign in").click()
    expect(admin.get_by_role("alert")).to_be_visible()
    admin.goto(users)
    admin.get_by_role("button", name="Switch on della").click()
    admin.get_by_role("button", name="New link for the password of della").click()
    expect(admin.get_by_label("Shown once")).to_contain_text("/auth/")
    choose_password(admin, product, "della")


# What a correct application saw of each fault of the simulator; the page of the simulator says the same in words.
FAULTS: dict[str, dict[str, Any]] = {
    "": {"read": [200, ""]},
    "expired-code": {"token endpoint": [400, "invalid_grant"]},
    "wrong-audience": {"invalid": "invalid_token"},
    "denied-scope": {"missing": "patient/Patient.rs"},
    "expired-token": {"invalid": "invalid_token", "read after refresh": [200, ""]},
    "bad-state": {"state": "not mine: the code is thrown away"},
}


def test_the_launch_simulator_shows_an_application_every_fault(
    admin: Page, product: Product, app: App
) -> None:
    page = admin
    page.goto(tab(product, "users/"))
    if not page.get_by_role("row", name=re.compile("doctor")).count():
        create_user(page, product, "doctor", "Practitioner", "")
    addresses = {"redirect_uris": f"{app.address}/cb", "launch_url": f"{app.address}/launch"}
    app.client_id = register(page, product, "Chart", "public", SCOPE, **addresses)
    page.get_by_role("link", name="Launch from a record").click()
    simulator = page.url
    for fault, expected in FAULTS.items():
        launch(page, simulator, fault)
        seen = app.seen
        assert all(seen.get(name) == value for name, value in expected.items() if name in seen), (fault, seen)
        if "invalid" in expected:
            assert seen["read"][0] == 401
            assert f'error="{expected["invalid"]}"' in seen["read"][1], (fault, seen)
        elif "missing" in expected:
            assert expected["missing"] not in seen["scope"].split()
            assert seen["read"][0] == 403
            assert 'scope="patient/Patient.r"' in seen["read"][1]
        else:
            assert set(expected) <= set(seen), (fault, seen)


def launch(page: Page, simulator: str, fault: str) -> None:
    page.goto(simulator)
    page.get_by_label("Name or id of the patient").fill("Merino")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Laura Merino").click()
    page.get_by_label("Visit").select_option(index=1)
    page.get_by_label("What goes wrong").select_option(fault)
    page.get_by_role("button", name="Launch", exact=True).click()
    if page.get_by_role("heading", name="Sign in").count():
        page.get_by_label("User name").fill("doctor")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Allow Chart?")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Laura Merino")
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url("**/cb?**")


def test_the_preflight_shows_each_rule_and_a_pasted_token_is_checked_claim_by_claim(
    admin: Page, product: Product
) -> None:
    """The provider is the integrated server of the same product: a real one with discovery and keys."""
    page = admin
    page.goto(tab(product, "servers/new/"))
    page.get_by_label("Name", exact=True).fill("Hospital")
    page.get_by_label("Issuer URL").fill("http://localhost:9/nothing")
    page.get_by_role("button", name="Check and save").click()
    expect(page.get_by_role("heading", name="It cannot be saved yet")).to_be_visible()
    expect(page.locator(".rule-list li", has_text="discovery document")).to_contain_text("Failed")
    page.goto(tab(product))
    expect(page.locator("main")).not_to_contain_text("Hospital")
