"""An HTTP server whose answers a test writes: status, headers and body by path, and what it was sent."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

JSON = "application/fhir+json"


@dataclass
class Came:
    """A request as it arrived; header names are lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Says:
    """An answer. `body` may be parts, which are sent chunked; then `length` is not declared. `cut`: the connection ends after it."""

    body: bytes | Callable[[], Iterator[bytes]] = b""
    status: int = 200
    media_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


@dataclass
class Scripted:
    """`says` is by path below the base; `otherwise` answers all other paths."""

    base: str
    says: dict[str, Says] = field(default_factory=dict)
    otherwise: Says = field(default_factory=lambda: Says(b'{"resourceType":"Patient","id":"1"}'))
    came: list[Came] = field(default_factory=list)

    @property
    def last(self) -> Came:
        return self.came[-1]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Scripted

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def _answer(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        path = url.path.removeprefix("/fhir").strip("/")
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.script.came.append(Came(self.command, path, url.query, headers, self.rfile.read(length)))
        self._say(self.script.says.get(path, self.script.otherwise))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def _say(self, says: Says) -> None:
        self.send_response(says.status)
        if says.media_type:
            self.send_header("Content-Type", says.media_type)
        for name, value in says.headers.items():
            self.send_header(name, value)
        if isinstance(says.body, bytes):
            self.send_header("Content-Length", str(len(says.body) * (2 if says.cut else 1)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(says.body)
        else:
            self._say_parts(says.body())
        if says.cut:
            self.close_connection = True

    def _say_parts(self, parts: Iterator[bytes]) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for part in parts:
                self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True


@contextmanager
def scripted_server(port: int = 0) -> Iterator[Scripted]:
    script = Scripted("")
    handler: Any = type("Handler", (_Handler,), {"script": script})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    script.base = f"http://127.0.0.1:{server.server_port}/fhir"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
