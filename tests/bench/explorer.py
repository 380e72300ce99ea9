"""The explorer beside Swagger UI on the OpenAPI of all types of the same deployment, in one Chromium, in one run."""

import json
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.bench.server import Server, start
from tests.bench.swagger import serve
from tests.chromium import ARGUMENTS, chromium

# Told when what the page is for can be used: seen by the page itself, at the frame that shows it.
_USABLE = """(selector) => new Promise((done) => {
  const look = () => (document.querySelector(selector) && document.readyState === "complete"
    ? requestAnimationFrame(() => done(performance.now())) : setTimeout(look, 5));
  look();
})"""


@dataclass(frozen=True)
class Subject:
    """A page, and the element whose presence says that it can be used."""

    name: str
    url: str
    selector: str


def compare(rounds: int) -> list[dict[str, object]]:
    """A line for each page; medians of `rounds` loads, each with an empty cache."""
    server = start("sqlite")
    try:
        document = httpx.get(f"{server.base}/openapi.json", timeout=60).raise_for_status().json()
        with serve(document) as swagger, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
            signed_in = _sign_in(browser, server)
            try:
                return [_measured(browser, each, signed_in, rounds) for each in _subjects(server, swagger)]
            finally:
                browser.close()
    finally:
        server.stop()


def _subjects(server: Server, swagger: str) -> Iterator[Subject]:
    explorer = f"{server.portal}/deployments/{server.base.split('/')[-2]}/api/"
    yield Subject("Explorer: all types, the whole server", explorer, "[data-op-form]")
    yield Subject("Explorer: Patient", f"{explorer}Patient/", "[data-op-form]")
    yield Subject("Swagger UI: OpenAPI of all types", swagger, ".opblock")


def _sign_in(browser: Browser, server: Server) -> Any:
    """The storage of a browser in which the demo's owner is signed in."""
    demo = json.loads((server.home / "demo.json").read_text())
    context = browser.new_context(base_url=server.portal)
    page = context.new_page()
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(demo["email"])
    page.get_by_label("Password", exact=True).fill(demo["password"])
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url("**/services/**")
    storage = context.storage_state()
    context.close()
    return storage


def _measured(browser: Browser, subject: Subject, storage: Any, rounds: int) -> dict[str, object]:
    seen = []
    for _ in range(rounds + 1):
        context = browser.new_context(storage_state=storage, viewport={"width": 1440, "height": 900})
        seen.append(_load(context, subject))
        context.close()
    middle = {name: statistics.median(each[name] for each in seen[1:]) for name in seen[0]}
    line: dict[str, object] = {
        "page": subject.name,
        **{name: round(each, 1) for name, each in middle.items()},
    }
    print(json.dumps(line), flush=True)
    return line


def _load(context: BrowserContext, subject: Subject) -> dict[str, float]:
    """Milliseconds until it can be used, megabytes of JavaScript heap, kilobytes over the wire, and what they make."""
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    received: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    devtools.send("Network.enable")
    devtools.send("Performance.enable")
    page.goto(subject.url, wait_until="commit", timeout=120_000)
    usable = float(page.evaluate(_USABLE, subject.selector))
    devtools.send("HeapProfiler.collectGarbage")
    found = {each["name"]: each["value"] for each in devtools.send("Performance.getMetrics")["metrics"]}
    return {
        "usable_ms": usable,
        "heap_mb": found["JSHeapUsedSize"] / 2**20,
        "wire_kb": sum(received) / 1024,
        "requests": float(len(received)),
        "nodes": found["Nodes"],
        "busy_ms": found["TaskDuration"] * 1000,
    }


def table(lines: list[dict[str, object]]) -> None:
    columns = {"page": "<42", "usable_ms": ">11", "heap_mb": ">9", "wire_kb": ">9"}
    columns |= {"requests": ">10", "nodes": ">9", "busy_ms": ">9"}
    print("\n" + "".join(f"{name:{width}}" for name, width in columns.items()))
    for line in lines:
        print("".join(f"{line[name]:{width}}" for name, width in columns.items()))


def run(rounds: int = 3) -> None:
    if chromium() is None:
        print("No Chromium here: the explorer is not compared. Mend (Debian): sudo apt-get install chromium")
        return
    table(compare(rounds))
