"""Whoever sends bodies slowly holds some threads of a web process, never all."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal import places as portal_places
from portal.places import NoPlace, Places

CHECKOUT = Path(__file__).resolve().parents[2]
WAIT = 60  # seconds after which a test that hangs fails
ONE, OTHER, PAGE = "/fhir/aaaaaaaaaaaa/r4/Patient", "/fhir/bbbbbbbbbbbb/r4/Patient", "/accounts/login/"


@pytest.fixture
def port() -> Iterator[int]:
    """The product's own web server in one process of four threads."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = int(probe.getsockname()[1])
    arguments = ["--interface", "wsgi", "--port", str(free), "--blocking-threads", "4", "--no-ws"]
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", *arguments, "tests.gateway.body_reader:application"],
        cwd=CHECKOUT,
        env={**os.environ, "WEB_THREADS": "4"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(free)
        yield free
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the web server did not start")


def _send(port: int, path: str, body: bytes, length: int) -> socket.socket:
    sender = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
    sender.sendall(head.encode() + body)
    return sender


def _status(sender: socket.socket) -> int:
    with sender:
        return int(sender.recv(4096).split()[1])


@pytest.mark.parametrize(("slow", "others"), [(ONE, (OTHER, PAGE)), (PAGE, (ONE, OTHER))])
def test_slow_senders_of_one_deployment_leave_threads_to_all_others(
    port: int, slow: str, others: tuple[str, ...]
) -> None:
    held = [_send(port, slow, b"{", 100) for _ in range(8)]
    for path in others * 3:
        assert _status(_send(port, path, b"{}", 2)) == 200
    assert _status(_send(port, slow, b"", 0)) == 200  # what has no body waits for nothing
    assert _status(_send(port, slow, b"{}", 2)) == 503
    places = set(held)
    while len(places) > 2:  # which two of them found a place is the threads' affair
        answered, _, _ = select.select(places, (), (), WAIT)
        assert answered
        for sender in answered:
            places.remove(sender)
            assert _status(sender) == 503
    for sender in places:
        sender.sendall(b" " * 99)
        assert _status(sender) == 200
    assert _status(_send(port, slow, b"{}", 2)) == 200


def test_slow_senders_of_many_deployments_leave_a_thread_for_reads(port: int) -> None:
    held = [_send(port, path, b"{", 100) for path in (ONE, ONE, OTHER, OTHER, PAGE)]
    for _ in range(4):
        assert _status(_send(port, ONE, b"", 0)) == 200
    assert _status(_send(port, PAGE, b"{}", 2)) == 503
    for sender in held:
        sender.close()


def test_a_prompt_body_waits_for_a_place_that_gets_free() -> None:
    places, entered, enough = Places(2), threading.Event(), threading.Event()

    def hold() -> None:
        with places.place("a"):
            entered.set()
            enough.wait(WAIT)

    holder = threading.Thread(target=hold)
    holder.start()
    assert entered.wait(WAIT)
    threading.Timer(0.05, enough.set).start()
    with places.place("a"):
        assert enough.is_set()
    holder.join(WAIT)


def test_a_place_that_was_refused_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portal_places, "LAST_THREAD_WAIT_SECONDS", 0.01)
    places = Places(2)
    with places.place("a"), pytest.raises(NoPlace), places.place("b"):
        pass
    with places.place("b"):
        pass
