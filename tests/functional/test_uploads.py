"""Files that are dropped on the page, and uploads that break off: in a real browser against the running product."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.functional.conftest import Product

WORK_MS = 60_000
DROP = """(zone, files) => {
    const carried = new DataTransfer();
    for (const [name, text] of files) carried.items.add(new File([text], name));
    for (const type of ["dragover", "drop"]) {
        zone.dispatchEvent(new DragEvent(type, { dataTransfer: carried, bubbles: true, cancelable: true }));
    }
}"""


@pytest.fixture
def data_page(page: Page, product: Product) -> Page:
    page.goto("/accounts/login/")
    page.fill("input[name=login]", product.demo["email"])
    page.fill("input[name=password]", product.demo["password"])
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/services/**")
    page.goto(f"/deployments/{product.demo['deployment']}/data/")
    return page


def _line(number: int) -> str:
    return json.dumps({"resourceType": "Basic", "id": f"dropped-{number}", "code": {"text": "dropped"}})


def test_a_file_is_dropped_on_the_page_and_loaded(data_page: Page) -> None:
    zone = data_page.locator("[data-drop]")
    zone.evaluate(DROP, [["a.ndjson", _line(1)], ["b.ndjson", _line(2)]])
    expect(data_page.get_by_text("Drop one file at a time")).to_be_visible()
    zone.evaluate(DROP, [["a.ndjson", _line(1)]])
    expect(data_page.get_by_text("Drop one file at a time")).to_be_hidden()
    data_page.get_by_role("button", name="Upload and check").click()
    row = data_page.get_by_role("row", name=re.compile("a.ndjson"))
    expect(row).to_contain_text("1 resource loaded", timeout=WORK_MS)


def test_a_dropped_file_beside_the_zone_does_not_replace_the_page(data_page: Page) -> None:
    address = data_page.url
    taken = data_page.locator("h1").evaluate(
        """heading => {
            const carried = new DataTransfer();
            carried.items.add(new File(["x"], "x.txt"));
            return !heading.dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
        }"""
    )
    assert taken
    assert data_page.url == address


def test_an_upload_that_was_paused_and_left_goes_on_where_it_stopped(data_page: Page, tmp_path: Path) -> None:
    """11 MB are three parts; the third is held up until the page is left."""
    file = tmp_path / "long.ndjson"
    padding = "x" * 1_000_000
    texts = [
        json.dumps({"resourceType": "Basic", "id": f"long-{n}", "code": {"text": padding}}) for n in range(11)
    ]
    file.write_text("\n".join(texts))
    begins: list[str | None] = []

    def third_waits(route: Route) -> None:
        begins.append(route.request.headers.get("upload-offset"))
        if route.request.method != "PATCH" or len([each for each in begins if each]) < 3:
            route.continue_()

    data_page.route("**/data/uploads/upload-*/", third_waits)
    data_page.get_by_label("FHIR file").set_input_files(file)
    data_page.get_by_role("button", name="Upload and check").click()
    expect(data_page.locator("[data-upload-words]")).to_have_text("8 of 11 MB, 76 %", timeout=WORK_MS)
    data_page.get_by_role("button", name="Pause").click()
    expect(data_page.get_by_text("The upload is paused.")).to_be_visible()

    # The page is left first: when nobody holds it any more, the third part would begin to go.
    data_page.reload()
    data_page.unroute("**/data/uploads/upload-*/")
    expect(data_page.get_by_text("long.ndjson came in part: 8 of 11 MB, 76 %.")).to_be_visible()
    with data_page.expect_request(lambda request: request.method == "PATCH") as first:
        data_page.get_by_label("FHIR file").set_input_files(file)
        data_page.get_by_role("button", name="Upload and check").click()
    assert first.value.headers["upload-offset"] == str(2 * 4 * 1024 * 1024)
    row = data_page.get_by_role("row", name=re.compile("long.ndjson"))
    expect(row).to_contain_text("11 resources loaded", timeout=WORK_MS)


def test_an_upload_whose_connection_breaks_says_when_it_tries_again(data_page: Page, tmp_path: Path) -> None:
    """The network fails at the second of two parts until somebody has it tried at once."""
    file = tmp_path / "broken.ndjson"
    padding = "x" * 1_000_000
    texts = [
        json.dumps({"resourceType": "Basic", "id": f"broken-{n}", "code": {"text": padding}})
        for n in range(6)
    ]
    file.write_text("\n".join(texts))
    broken: list[str] = []

    def second_breaks(route: Route) -> None:
        begins = route.request.headers.get("upload-offset", "0")
        if route.request.method == "PATCH" and begins != "0":
            broken.append(begins)
            route.abort("connectionreset")
        else:
            route.continue_()

    data_page.route("**/data/uploads/upload-*/", second_breaks)
    data_page.get_by_label("FHIR file").set_input_files(file)
    data_page.get_by_role("button", name="Upload and check").click()
    trouble = data_page.locator("[data-upload-trouble]")
    expect(trouble).to_have_text(
        re.compile(r"The connection to Fireside broke\. Trying again in [1-8] s \(attempt [45] of 12\)\."),
        timeout=WORK_MS,
    )
    expect(data_page.locator("[data-upload-words]")).to_have_text("4.2 of 6 MB, 69 %")

    # A pause ends the waiting too, and what came stays.
    data_page.get_by_role("button", name="Pause").click()
    expect(data_page.get_by_text("The upload is paused.")).to_be_visible()
    expect(trouble).to_be_hidden()
    data_page.get_by_role("button", name="Upload and check").click()
    expect(trouble).to_have_text(re.compile("attempt [34] of 12"), timeout=WORK_MS)
    assert set(broken) == {str(4 * 1024 * 1024)}

    data_page.unroute("**/data/uploads/upload-*/")
    data_page.get_by_role("button", name="Try now").click()
    row = data_page.get_by_role("row", name=re.compile("broken.ndjson"))
    expect(row).to_contain_text("6 resources loaded", timeout=WORK_MS)
    # What is loaded is not offered as begun.
    data_page.reload()
    expect(data_page.get_by_text("broken.ndjson came in part")).to_be_hidden()
    assert (
        data_page.evaluate("Object.keys(localStorage).filter((key) => key.includes('broken.ndjson'))") == []
    )


def test_who_is_signed_out_during_an_upload_is_told_so(data_page: Page, tmp_path: Path) -> None:
    """A refused long body may close the connection: the next attempt asks first, and learns why."""
    file = tmp_path / "signed-out.ndjson"
    file.write_text(_line(7))

    def is_cut_off(route: Route) -> None:
        if route.request.method == "PATCH":
            data_page.context.clear_cookies(name="sessionid")
            route.abort("connectionreset")
        else:
            route.continue_()

    data_page.route("**/data/uploads/upload-*/", is_cut_off)
    data_page.get_by_label("FHIR file").set_input_files(file)
    data_page.get_by_role("button", name="Upload and check").click()
    told = data_page.get_by_text("You are signed out: sign in in another tab, then reload this page.")
    expect(told).to_be_visible(timeout=WORK_MS)
    expect(data_page.locator("[data-upload-trouble]")).to_be_hidden()
