"""Requests to typed-in addresses stay away from private networks, and are bounded."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from portal.outbound import AddressRefused, OutboundError, fetch


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://169.254.169.254/latest/meta-data")
            self.end_headers()
            return
        body = b"x" * (5000 if self.path == "/long" else 5)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    running = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:8000/",
        "http://10.1.2.3/",
        "http://192.168.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fd00::1]/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://user@127.0.0.1/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "//example.org/",
    ],
)
def test_private_and_strange_addresses_are_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        fetch(url)


def test_an_operator_can_allow_a_host_or_a_network(server: str, settings: Any) -> None:
    with pytest.raises(AddressRefused, match="OUTBOUND_ALLOWED"):
        fetch(server)
    settings.OUTBOUND_ALLOWED = [server.removeprefix("http://")]
    assert fetch(server).body == b"xxxxx"
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8"]
    assert fetch(server).status == 200


def test_a_redirect_cannot_lead_to_a_private_address(server: str, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    assert fetch(f"{server}/away").status == 302
    with pytest.raises(AddressRefused):
        fetch(f"{server}/away", redirects=3)


def test_a_long_answer_is_cut_off(server: str, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    with pytest.raises(OutboundError, match="longer"):
        fetch(f"{server}/long", max_bytes=1000)
