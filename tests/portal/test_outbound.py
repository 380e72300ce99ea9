"""Requests to typed-in addresses stay away from private networks, and are bounded."""

import datetime
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import Any, cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.outbound import (
    AddressRefused,
    OutboundBusy,
    OutboundError,
    OutboundTimeout,
    fetch,
    stream,
)
from portal.places import Places


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path in ("/away", "/elsewhere", "/round"):
            self.send_response(302)
            port = cast(HTTPServer, self.server).server_port
            target = {
                "/away": "http://169.254.169.254/latest/meta-data",
                "/elsewhere": f"http://localhost:{port}/secret",
                "/round": "/secret",
            }
            self.send_header("Location", target[self.path])
            self.end_headers()
            return None
        if self.path == "/secret":
            return self._say(self.headers.get("Authorization", "nothing").encode())
        if self.path == "/host":
            return self._say(self.headers["Host"].encode())
        if self.path == "/drips":
            return self._drip()
        return self._say(b"x" * (5000 if self.path == "/long" else 5))

    def _say(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        """A header whose end never comes, a letter at a time."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        try:
            for _ in range(600):
                self.wfile.write(b"a")
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    running = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


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


def test_answers_that_are_waited_for_take_half_of_the_threads_and_no_more(
    server: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However they are asked for; who reads slow bodies takes of the same places."""
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    monkeypatch.setattr("portal.outbound.places", Places(4))
    monkeypatch.setattr("portal.places.WAIT_SECONDS", 0.01)
    with stream(f"{server}/a"), stream(f"{server}/b"), pytest.raises(OutboundBusy):
        fetch(f"{server}/c")
    assert fetch(f"{server}/c").status == 200


def test_a_name_that_changes_its_address_after_the_check_is_not_looked_up_again(
    server: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: a public address for the check, a private one for the connection."""
    port = int(server.rpartition(":")[2])
    settings.OUTBOUND_ALLOWED = ["127.0.0.1/32"]
    answers = iter(["127.0.0.1", "169.254.169.254"])
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        if host != "rebinding.example":
            return real(host, port, *rest, **more)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    found = fetch(f"http://rebinding.example:{port}/host")
    assert found.body.decode() == f"rebinding.example:{port}"
    with pytest.raises(AddressRefused):
        fetch(f"http://rebinding.example:{port}/host")


def test_a_second_address_is_tried_when_the_first_does_not_answer(
    server: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.0/8", "::1/128"]
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
        if host != "two.example":
            return real(host, port, *rest, **more)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in ("127.0.0.9", "127.0.0.1")
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    port = server.rpartition(":")[2]
    assert fetch(f"http://two.example:{port}/").status == 200


def test_a_redirect_to_another_origin_is_not_told_the_credential(server: str, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1", "localhost"]
    secret = {"Authorization": "Bearer secret"}
    assert fetch(f"{server}/round", headers=secret, redirects=1).body == b"Bearer secret"
    assert fetch(f"{server}/elsewhere", headers=secret, redirects=1).body == b"nothing"


def test_headers_that_never_end_are_given_up(server: str, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    with pytest.raises(OutboundTimeout, match=r"did not answer in 0\.5 seconds"):
        fetch(f"{server}/drips", timeout=0.5)


def test_a_certificate_that_nobody_vouches_for_is_refused(settings: Any, tmp_path: Any) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    running = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    running.socket = context.wrap_socket(running.socket, server_side=True)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    try:
        with pytest.raises(OutboundError, match="certificate is not trusted"):
            fetch(f"https://127.0.0.1:{running.server_port}/")
    finally:
        running.shutdown()
        running.server_close()


def test_a_server_without_tls_is_said_to_have_none(server: str, settings: Any) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    with pytest.raises(OutboundError, match="TLS"):
        fetch(server.replace("http:", "https:"))


@pytest.mark.parametrize(
    "headers", [{"X-Key": "caf\u00e9 \u2713"}, {"X-Key": "a\r\nHost: evil"}, {"a b": "c"}, {"X-Key": "a\0b"}]
)
def test_a_header_that_http_cannot_carry_is_refused(
    server: str, settings: Any, headers: dict[str, str]
) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    with pytest.raises(OutboundError), stream(f"{server}/host", headers=headers):
        pass


def _self_signed(folder: Any) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "server.pem"
    path.write_bytes(pem + secret)
    return str(path)
