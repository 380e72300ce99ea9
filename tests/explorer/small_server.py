"""A FHIR server that is not Fireside: two types, XML alone, kept in memory; and one that answers nonsense."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from fhirspec.validation import validate
from fhirspec.xml import from_xml, to_xml

XML = "application/fhir+xml"
STATEMENT: dict[str, Any] = {
    "resourceType": "CapabilityStatement",
    "status": "active",
    "date": "2024-05-01",
    "kind": "instance",
    "software": {"name": "Small", "version": "0.1"},
    "fhirVersion": "4.0.1",
    "format": [XML],
    "rest": [
        {
            "mode": "server",
            "resource": [
                {
                    "type": "Patient",
                    "interaction": [{"code": code} for code in ("read", "create", "search-type")],
                    "searchParam": [{"name": "family", "type": "string"}, {"name": "ward", "type": "token"}],
                },
                {"type": "Encounter", "interaction": [{"code": "read"}]},
            ],
        }
    ],
}


class SmallServer(BaseHTTPRequestHandler):
    """`requests` are the lines that came in, `nonsense` is sent in the place of every resource when it is set."""

    protocol_version = "HTTP/1.1"
    patients: ClassVar[dict[str, dict[str, Any]]] = {}
    requests: ClassVar[list[str]] = []
    nonsense: ClassVar[bytes] = b""

    def log_message(self, format: str, *arguments: object) -> None:
        self.requests.append(self.requestline)

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        asked = (self.headers["Accept"], *query.get("_format", ()))
        path = url.path.removeprefix("/fhir").strip("/").split("/")
        if self.nonsense and path != ["metadata"]:
            self._send(200, self.nonsense, "application/json")
        elif not all("xml" in each for each in asked):
            self._send(406, b"I speak XML.", "text/plain")
        elif path == ["metadata"]:
            self._answer(200, STATEMENT)
        elif path == ["Patient"]:
            self._answer(200, self._search(query.get("family", [""])[0]))
        elif found := self.patients.get(path[-1]):
            self._answer(200, found)
        else:
            self._answer(404, _outcome("not-found", "No such resource here."))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Type"] != XML:
            return self._answer(415, _outcome("not-supported", "Only XML is read here."))
        patient = from_xml(body)
        if problem := next(iter(validate(patient, "Patient")), None):
            return self._answer(422, _outcome("value", problem.message, problem.path))
        patient["id"] = str(len(self.patients) + 1)
        self.patients[patient["id"]] = patient
        return self._answer(201, patient)

    def _search(self, family: str) -> dict[str, Any]:
        base = f"http://{self.headers['Host']}/fhir"
        found = [
            each
            for each in self.patients.values()
            if family.lower() in each.get("name", [{}])[0].get("family", "").lower()
        ]
        entries = [{"fullUrl": f"{base}/Patient/{each['id']}", "resource": each} for each in found]
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        return bundle | ({"entry": entries} if entries else {})

    def _answer(self, status: int, resource: dict[str, Any]) -> None:
        self._send(status, to_xml(resource), XML)

    def _send(self, status: int, body: bytes, media_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _outcome(code: str, text: str, path: str = "") -> dict[str, Any]:
    issue: dict[str, Any] = {"severity": "error", "code": code, "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue | ({"expression": [path]} if path else {})]}


@contextmanager
def small_server(port: int = 0, nonsense: bytes = b"") -> Iterator[tuple[str, list[str]]]:
    """Its base URL, and the request lines that it was sent."""
    kept: dict[str, Any] = {"patients": {}, "requests": [], "nonsense": nonsense}
    handler = type("Handler", (SmallServer,), kept)
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/fhir", kept["requests"]
    finally:
        server.shutdown()
        server.server_close()
