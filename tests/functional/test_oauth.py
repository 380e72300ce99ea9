"""The OAuth tab in the running product: applications, secrets, the scope builder, an identity provider's preflight."""

import re

import httpx
from joserfc.jwk import ECKey
from playwright.sync_api import Page, expect

from tests.functional.administering import admin as admin
from tests.functional.administering import administrator as administrator
from tests.functional.administering import check_page, register, tab
from tests.functional.conftest import Product


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
    check_page(page)
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


def try_service(page: Page, product: Product) -> str:
    """The access token of a backend service of this deployment."""
    register(page, product, "Reporter", "backend", "system/Patient.rs")
    page.get_by_role("button", name="Try it").click()
    found = page.locator("dt:has-text('access_token') + dd [data-copy]").get_attribute("data-copy")
    assert found
    return found


def test_the_preflight_shows_each_rule_and_a_pasted_token_is_checked_claim_by_claim(
    admin: Page, product: Product
) -> None:
    """The provider is this product's own integrated server: one with discovery, keys and tokens."""
    page, token = admin, try_service(admin, product)
    issuer = f"{product.url}/auth/{product.demo['deployment']}"
    page.goto(tab(product, "servers/new/"))

    def check(address: str, pasted: str, button: str = "Check") -> dict[str, str]:
        """Rule to Passed, Failed or Look at it."""
        page.get_by_label("Name", exact=True).fill("Hospital")
        page.get_by_label("Issuer URL").fill(address)
        page.get_by_label("An access token, to check").fill(pasted)
        page.get_by_role("button", name=button, exact=True).click()
        page.locator("#findings-title").wait_for()
        lines = [one.inner_text().splitlines() for one in page.locator(".rule-list li").all()]
        return {line[1]: line[0] for line in ([part for part in one if part.strip()] for one in lines)}

    good = check(issuer, token)
    for rule in (
        "Its discovery document can be read",
        "Discovery names exactly this issuer",
        "Its keys can be read",
        "Its signature is the issuer's",
        "iss is the issuer",
        "aud holds the audience",
        "exp is in the future",
        "It has scopes that FHIR knows",
    ):
        assert good[rule] == "Passed", (rule, good)
    assert good["It names a patient"] == "Look at it"
    check_page(page)
    changed = token[:-8] + ("A" * 8 if token[-8:] != "A" * 8 else "B" * 8)
    assert check(issuer, changed)["Its signature is the issuer's"] == "Failed"
    page.get_by_label("Audience").fill("https://elsewhere.example")
    assert check(issuer, token)["aud holds the audience"] == "Failed"
    nowhere = check("http://localhost:9/nothing", "", "Check and save")
    assert nowhere["Its discovery document can be read"] == "Failed"
    expect(page.get_by_role("heading", name="It cannot be saved yet")).to_be_visible()
    page.goto(tab(product))
    expect(page.locator("main")).not_to_contain_text("Hospital")
