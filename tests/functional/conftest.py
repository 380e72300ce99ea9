"""The real product, started as a user starts it, and a real browser before it. Nothing is mocked here."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page

CHECKOUT = Path(__file__).resolve().parents[2]
START_SECONDS = 300


@dataclass(frozen=True)
class Product:
    """A running Fireside: its address, its home directory and what `var/demo.json` says."""

    url: str
    home: Path
    demo: dict[str, str]

    def mailed_code(self, address: str, pattern: str = r"^\s*([A-Z0-9-]{6,9})\s*$") -> str:
        """The code in the newest mail to `address`, waited for."""
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            for path in sorted((self.home / "mail").glob("*"), key=lambda p: p.stat().st_mtime, reverse=True):
                text = path.read_text()
                if address in text and (found := re.search(pattern, text, re.MULTILINE)):
                    return found.group(1)
            time.sleep(0.1)
        raise AssertionError(f"no mail with a code for {address}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, home: Path, log: Path) -> dict[str, str]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"the product ended while starting:\n{log.read_text()[-4000:]}")
        try:
            if (home / "demo.json").exists() and httpx.get(f"{url}/readyz", timeout=2).status_code == 200:
                return json.loads((home / "demo.json").read_text())  # type: ignore[no-any-return]
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"the product did not start in {START_SECONDS} s:\n{log.read_text()[-4000:]}")


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory, _catalogue: None) -> Iterator[Product]:
    """`manage.py run` in a fresh home on a free port, stopped by SIGTERM."""
    home = tmp_path_factory.mktemp("home")
    (home / "catalogue").symlink_to(CHECKOUT / os.environ.get("FIRESIDE_HOME", "var") / "catalogue")
    port = _free_port()
    kept = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "VIRTUAL_ENV")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {"FIRESIDE_HOME": str(home), "PORT": str(port)}
    # The explorer of servers elsewhere is tried on the product's own endpoints; no other private address is open.
    environment["OUTBOUND_ALLOWED"] = f"localhost:{port}"
    log = home / "run.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run"],
            cwd=CHECKOUT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = f"http://localhost:{port}"
        yield Product(url, home, _wait_until_ready(process, url, home, log))
    finally:
        if keep := os.environ.get("KEEP_RUN_LOG"):
            Path(keep).write_bytes(log.read_bytes())
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise


# Refusals that the tests ask for, connections that they break, and what htmx says of a request that the next page cut off (a server's
# fault is a responseError).
_EXPECTED = ("status of 4", "ERR_CONNECTION_RESET", "htmx:afterRequest", "htmx:sendError", "htmx:sendAbort")


@pytest.fixture
def page(browser: Browser, product: Product) -> Iterator[Page]:
    """A fresh browser profile. A console error or a failed script fails the test."""
    context = browser.new_context(
        base_url=product.url, viewport={"width": 1440, "height": 900}, accept_downloads=True
    )
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    faults: list[Any] = []
    opened = context.new_page()
    opened.on("pageerror", lambda fault: faults.append(fault))
    opened.on(
        "console",
        lambda message: faults.append((message.text, message.location)) if message.type == "error" else None,
    )
    yield opened
    context.close()
    unexpected = [fault for fault in faults if not any(words in str(fault) for words in _EXPECTED)]
    assert not unexpected, unexpected


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of these in one process, so that the product is started once."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("product"))
