"""Answers of other servers: unpacked where they are packed with gzip alone, and in small parts."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from portal.outbound import OutboundError, fetch, stream

ZEROS = gzip.compress(bytes(50_000_000))
PACKED = {
    "plainly": (gzip.compress(b"x" * 5000), "gzip"),
    "as-before": (gzip.compress(b"x" * 5000), "X-GZIP"),
    "as-it-is": (b"x" * 5000, "identity"),
    "nothing": (b"", "br"),
    "hugely": (ZEROS, "gzip"),
    "twice": (gzip.compress(ZEROS), "gzip, gzip"),
    "otherwise": (b"\x1b\x00\x00", "br"),
    "badly": (b"no gzip at all", "gzip"),
}


class _Packed(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body, encoding = PACKED[self.path.removeprefix("/")]
        self.send_response(200)
        self.send_header("Content-Encoding", encoding)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(settings: Any) -> Iterator[str]:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    running = ThreadingHTTPServer(("127.0.0.1", 0), _Packed)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


@pytest.mark.parametrize(
    ("how", "length"), [("plainly", 5000), ("as-before", 5000), ("as-it-is", 5000), ("nothing", 0)]
)
def test_an_answer_comes_unpacked(server: str, how: str, length: int) -> None:
    answer = fetch(f"{server}/{how}")
    assert answer.body == b"x" * length
    assert answer.headers.get("content-encoding", "identity") == "identity"


def test_a_few_bytes_that_stand_for_very_many_come_in_small_parts(server: str) -> None:
    with stream(f"{server}/hugely") as response:
        parts = [len(part) for part in response.iter_bytes()]
    assert sum(parts) == 50_000_000
    assert max(parts) <= 64 * 1024
    with pytest.raises(OutboundError, match="longer than 2,000,000 bytes"):
        fetch(f"{server}/hugely")


@pytest.mark.parametrize(
    ("how", "words"),
    [("twice", "not asked for"), ("otherwise", "not asked for"), ("badly", "not valid gzip")],
)
def test_an_answer_in_another_encoding_is_not_unpacked(server: str, how: str, words: str) -> None:
    with pytest.raises(OutboundError, match=words):
        fetch(f"{server}/{how}")
