"""SMART in the running product: a clinician, a patient, and an application that is none of it."""

import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.functional.administering import (
    PASSWORD,
    check_page,
    choose_password,
    create_user,
    register,
    tab,
)
from tests.functional.administering import admin as admin
from tests.functional.administering import administrator as administrator
from tests.functional.conftest import Product
from tests.functional.smart_app import SCOPE, App, serve

FORGET = 1.3  # seconds after which a revocation holds in every process


@pytest.fixture
def app() -> Iterator[App]:
    made = App()
    server = serve(made)
    yield made
    server.shutdown()
    server.server_close()


def test_a_patient_tries_an_application_sees_it_listed_and_takes_it_back(
    admin: Page, product: Product
) -> None:
    page = admin
    record = create_user(page, product, "laura", "Patient", "Merino")
    scopes = "openid launch/patient patient/Patient.rs patient/Observation.rs"
    register(page, product, "Diary", "public", scopes, redirect_uris="https://diary.example/cb")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("heading", name="Allow Diary?")).to_be_visible()
    check_page(page)
    page.get_by_label("Read and search the patient's measurements and test results").uncheck()
    page.get_by_role("button", name="Allow").click()
    expect(page.locator("main")).to_contain_text(f'"patient": "{record.partition("/")[2]}"')
    expect(page.locator("dt:has-text('scope') + dd")).to_have_text("openid launch/patient patient/Patient.rs")
    check_page(page)
    token = page.locator("dt:has-text('access_token') + dd [data-copy]").get_attribute("data-copy")
    base, headers = product.demo["fhir_base"], {"Authorization": f"Bearer {token}"}
    found = [httpx.get(f"{base}/{path}", headers=headers).status_code for path in (record, "Observation")]
    assert found == [200, 403]
    page.goto(f"/auth/{product.demo['deployment']}/apps/")
    check_page(page)
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
    check_page(page)
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

    # The same clinician, without an EHR: a patient is chosen among all.
    page.goto(simulator.removesuffix("launch/"))
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("heading", name="Whose record?")).to_be_visible()
    page.get_by_label("Name or id of the patient").fill("Hettinger")
    page.get_by_role("button", name="Search").click()
    page.get_by_label("Della Hettinger").check()
    check_page(page)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("main")).to_contain_text("Della Hettinger")
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("The flow ended with an access token.")).to_be_visible()


def launch(page: Page, simulator: str, fault: str) -> None:
    page.goto(simulator)
    page.get_by_label("Name or id of the patient").fill("Merino")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Laura Merino").click()
    page.get_by_label("Visit").select_option(index=1)
    page.get_by_label("What goes wrong").select_option(fault)
    page.get_by_role("button", name="Launch", exact=True).click()
    if page.get_by_role("heading", name="Sign in").count():
        check_page(page)
        page.get_by_label("User name").fill("doctor")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Allow Chart?")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Laura Merino")
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url("**/cb?**")
