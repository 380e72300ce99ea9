"""A receiver of Fireside's webhooks: python3 webhook-receiver.py 9000, with the secret in WEBHOOK_SECRET."""

import base64
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
seen = set()


def is_genuine(headers, body):
    """Whether Fireside signed it, in the last five minutes."""
    sent = headers.get("webhook-timestamp", "")
    if not sent.isdigit() or abs(time.time() - int(sent)) > 300:
        return False
    signed = f"{headers.get('webhook-id')}.{sent}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(KEY, signed, "sha256")).decode()
    return any(hmac.compare_digest(one, expected) for one in headers.get("webhook-signature", "").split())


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not is_genuine(self.headers, body):
            self.send_error(400, "This is not signed by Fireside")
            return
        event = json.loads(body)
        if event["id"] not in seen:  # a delivery may be repeated
            seen.add(event["id"])
            print(event["type"], event["tenant"]["slug"], event["subject"], event["data"], flush=True)
        self.send_response(204)
        self.end_headers()


server = HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
print(f"Waiting at http://127.0.0.1:{server.server_port}/", flush=True)
server.serve_forever()
