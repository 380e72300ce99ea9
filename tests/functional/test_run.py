"""`manage.py run`: what it says when it cannot start, and what a killed run leaves behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from config.supervisor import MOST_DEATHS
from tests.functional.conftest import CHECKOUT, Product, _free_port

START_SECONDS = 180


class Run:
    """One `manage.py run` of the test's own, on the test's own home."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.log = home / "another-run.log"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "run"],
                cwd=CHECKOUT,
                env={**kept, "FIRESIDE_HOME": str(home), "PORT": str(port)},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while text not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def children(self) -> list[int]:
        return _children(self.process.pid)

    def kill_worker(self, worker: int) -> int:
        """Kill it; the one that is started in its place, 0 when the run ends instead."""
        others = set(self.children())
        os.kill(worker, signal.SIGKILL)
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.log.read_text()
            if started := set(self.children()) - others:
                return started.pop()
            time.sleep(0.05)
        return 0


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()]


@pytest.fixture
def home(tmp_path: Path, product: Product) -> Path:
    """A fresh home that borrows the catalogue and the generated patients of the product's."""
    for name in ("catalogue", "presets"):
        (tmp_path / name).symlink_to((product.home / name).resolve())
    return tmp_path


@pytest.fixture
def started(home: Path) -> Iterator[list[Run]]:
    runs: list[Run] = []
    yield runs
    for run in runs:
        if run.process.poll() is None:
            run.process.send_signal(signal.SIGTERM)
            run.process.wait(timeout=20)


def _start(home: Path, started: list[Run], port: int | None = None) -> Run:
    run = Run(home, port or _free_port())
    started.append(run)
    return run


def _end(run: Run) -> tuple[int, str]:
    return run.process.wait(timeout=START_SECONDS), run.log.read_text()


def test_a_killed_run_takes_its_children_along_and_the_next_one_keeps_everything(
    home: Path, started: list[Run]
) -> None:
    first = _start(home, started)
    first.wait_for("Fireside is running")
    before = json.loads((home / "demo.json").read_text())
    assert (home / "demo.json").stat().st_mode & 0o777 == 0o600
    first.process.kill()
    first.process.wait()
    deadline = time.monotonic() + 15
    while first.answers():
        assert time.monotonic() < deadline, "the web server outlived its supervisor"
        time.sleep(0.2)

    began = time.monotonic()
    second = _start(home, started, first.port)
    second.wait_for("Fireside is running")
    assert time.monotonic() - began < 20
    after = json.loads((home / "demo.json").read_text())
    assert after == before
    base, key = after["fhir_base"], after["api_key"]
    assert httpx.get(f"{base}/metadata", headers={"x-api-key": key}).status_code == 200

    second.process.send_signal(signal.SIGINT)
    status, said = _end(second)
    assert (status, "Stopped." in said) == (0, True)
    assert not second.answers()


def test_a_child_that_dies_is_started_again_and_one_that_keeps_dying_ends_the_run(
    home: Path, started: list[Run]
) -> None:
    run = _start(home, started)
    run.wait_for("Fireside is running")
    web, worker = run.children()
    _kill_one_of_its_processes(run, web)
    assert run.children() == [web, worker]
    os.kill(web, signal.SIGKILL)
    run.wait_for("The web server ended by signal 9. It is started again.")
    deadline = time.monotonic() + START_SECONDS
    while not run.answers():
        assert time.monotonic() < deadline, run.log.read_text()
        time.sleep(0.1)
    assert worker in run.children()

    for _ in range(MOST_DEATHS):
        assert worker
        worker = run.kill_worker(worker)
    status, said = _end(run)
    assert status != 0
    assert f"The worker ended by signal 9. That was {MOST_DEATHS} times in a minute." in said
    assert not run.answers()


def _kill_one_of_its_processes(run: Run, web: int) -> None:
    """Another takes its place; the one beside it goes on answering meanwhile."""
    processes = _children(web)
    killed, spared = processes[-2:]
    os.kill(killed, signal.SIGKILL)
    deadline = time.monotonic() + START_SECONDS
    while len(set(_children(web)) - {killed}) < len(processes):
        assert time.monotonic() < deadline, run.log.read_text()
        time.sleep(0.05)
    assert spared in _children(web)
    assert run.answers()


def test_a_port_in_use_is_a_clear_error(home: Path, started: list[Run]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, said = _end(_start(home, started, port))
    assert status != 0
    assert f"Port {port} cannot be used" in said
    assert f"PORT={port + 1}" in said


def test_two_runs_do_not_share_a_home(product: Product, started: list[Run]) -> None:
    status, said = _end(_start(product.home, started))
    assert status != 0
    assert "already runs" in said
