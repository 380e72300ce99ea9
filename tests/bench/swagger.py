"""Swagger UI as people put it before an API: its page, its own files, and the OpenAPI document, all compressed."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

_TYPES = {"js": "text/javascript", "css": "text/css", "json": "application/json", "html": "text/html"}
# The page that Swagger UI's own distribution has, with its usual settings.
_PAGE = b"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Swagger UI</title>
<link rel="stylesheet" href="swagger-ui.css"></head><body><div id="swagger-ui"></div>
<script src="swagger-ui-bundle.js"></script><script src="swagger-ui-standalone-preset.js"></script><script src="start.js"></script>
</body></html>"""
_START = b"""window.ui = SwaggerUIBundle({url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true,
presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset], layout: "StandaloneLayout"});"""


def files(document: dict[str, object]) -> dict[str, bytes]:
    """Everything that the page loads, by name, compressed once."""
    found = find_spec("drf_spectacular_sidecar")
    if found is None or found.origin is None:
        raise SystemExit("Swagger UI is missing: run `make setup`.")
    directory = Path(found.origin).parent / "static" / "drf_spectacular_sidecar" / "swagger-ui-dist"
    names = ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-ui-standalone-preset.js")
    plain = {name: (directory / name).read_bytes() for name in names}
    plain |= {"index.html": _PAGE, "start.js": _START, "openapi.json": json.dumps(document).encode()}
    return {name: gzip.compress(content) for name, content in plain.items()}


@contextmanager
def serve(document: dict[str, object]) -> Iterator[str]:
    """The address of Swagger UI on this OpenAPI document."""
    compressed = files(document)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = self.path.strip("/") or "index.html"
            body = compressed.get(name, b"")
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", _TYPES.get(name.rpartition(".")[2], "text/plain"))
            if body:
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
