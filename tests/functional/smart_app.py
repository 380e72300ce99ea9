"""A small SMART application of the tests' own, served on a port of its own, that does what a correct one does.

https://hl7.org/fhir/smart-app-launch/app-launch.html. Each page it answers with says what it saw.
"""

import base64
import hashlib
import json
import secrets
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

SCOPE = "launch openid fhirUser offline_access patient/Patient.rs patient/Observation.rs"


@dataclass
class App:
    """`seen`: what happened in the last launch, step by step."""

    address: str = ""
    client_id: str = ""
    base: str = ""
    waiting: dict[str, str] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)

    def begin(self, query: dict[str, str]) -> str:
        """From the launch URL to the authorization endpoint."""
        self.base, self.seen = query["iss"], {}
        known = httpx.get(f"{self.base}/.well-known/smart-configuration").json()
        verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        self.waiting = {state: verifier, "token_endpoint": known["token_endpoint"]}
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": f"{self.address}/cb",
            "scope": SCOPE,
            "state": state,
            "aud": self.base,
            "launch": query["launch"],
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{known['authorization_endpoint']}?{urlencode(asked)}"

    def finish(self, query: dict[str, str]) -> None:
        """From the redirect back to the data; whatever goes wrong is met as it should be."""
        verifier = self.waiting.get(query.get("state", ""))
        if verifier is None:
            self.seen["state"] = "not mine: the code is thrown away"
            return
        if "error" in query:
            self.seen["error"] = query["error"]
            return
        code = {"grant_type": "authorization_code", "code": query["code"], "code_verifier": verifier}
        answer = self._token({**code, "redirect_uri": f"{self.address}/cb"})
        if answer is None:
            return
        self.seen |= {name: answer[name] for name in ("scope", "patient") if name in answer}
        self.seen["read"] = self._read(answer)
        if self.seen["read"][0] == 401 and (again := self._token(_refresh(answer))):
            self.seen["read after refresh"] = self._read({**again, "patient": answer["patient"]})

    def _token(self, sent: dict[str, str]) -> dict[str, Any] | None:
        answer = httpx.post(self.waiting["token_endpoint"], data={**sent, "client_id": self.client_id})
        if answer.status_code == 200:
            return dict(answer.json())
        self.seen["token endpoint"] = [answer.status_code, answer.json()["error"]]
        return None

    def _read(self, tokens: dict[str, Any]) -> list[Any]:
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        answer = httpx.get(f"{self.base}/Patient/{tokens['patient']}", headers=headers)
        return [answer.status_code, answer.headers.get("WWW-Authenticate", "").partition(", ")[2]]


def _refresh(answer: dict[str, Any]) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}


def serve(app: App) -> ThreadingHTTPServer:
    """The caller shuts the server down."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            if asked.path == "/launch":
                self.send_response(302)
                self.send_header("Location", app.begin(query))
                self.end_headers()
                return
            if asked.path == "/cb":
                app.finish(query)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(f"<title>App</title><pre>{json.dumps(app.seen)}</pre>".encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    app.address = f"http://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
