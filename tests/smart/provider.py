"""An identity provider on this machine: discovery, keys, signed tokens. Its keys can change, and it can be down."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey


class Provider:
    def __init__(self) -> None:
        provider = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                document = provider.document(self.path)
                body = json.dumps(document).encode()
                self.send_response(200 if document else 503)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.keys = [RSAKey.generate_key(2048, parameters={"kid": "first"})]
        self.down = False
        self.metadata: dict[str, Any] = {}

    def document(self, path: str) -> dict[str, Any]:
        if self.down:
            return {}
        if path == "/jwks":
            return {"keys": [key.as_dict(private=False) for key in self.keys]}
        return {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/jwks",
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "code_challenge_methods_supported": ["S256"],
        } | self.metadata

    def rotate(self) -> None:
        self.keys = [RSAKey.generate_key(2048, parameters={"kid": f"key-{time.time_ns()}"})]

    def token(self, audience: str, **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": audience,
            "sub": "ext-1",
            "client_id": "ext-app",
            "scope": "patient/*.rs",
            "patient": "p1",
            "iat": now,
            "exp": now + 300,
        } | changes
        header = {"alg": "RS256", "kid": self.keys[0].kid}
        return jwt.encode(header, claims, self.keys[0], algorithms=["RS256"])

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
