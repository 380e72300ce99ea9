"""Runs the web server and the worker as child processes: one that dies is started again; when that does not help, the run ends."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from config.env import BASE_DIR

PR_SET_PDEATHSIG = 1  # prctl(2)
STOP_SECONDS = 8.0
# More than two jobs that end their worker each time take until both have failed, together or alone: they must not end the run.
MOST_DEATHS = 6
DEATHS_WITHIN = 60.0  # seconds


class RunEnded(Exception):
    """The run cannot go on; the text says why and what to do."""


class StopRequested(Exception):
    """Ctrl-C or SIGTERM: stop everything in good order."""


@dataclass(frozen=True)
class Settings:
    """How the processes are started; each field has a row in the README's table."""

    host: str
    port: int
    web_workers: int
    web_threads: int
    worker_threads: int


def _die_with_parent() -> None:
    """In the child, before it starts: if this supervisor is killed outright, the kernel stops the child (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """A process with a group of its own, so that Ctrl-C reaches only the supervisor, which then stops all in order."""

    def __init__(self, title: str, arguments: list[str]) -> None:
        self.title = title
        self._arguments = arguments
        self._deaths: list[float] = []
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  our own interpreter and arguments
            [sys.executable, *self._arguments],
            cwd=BASE_DIR,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )

    def end(self) -> str:
        """How the process ended, empty while it runs."""
        code = self.process.poll()
        if code is None:
            return ""
        return f"The {self.title} ended {f'by signal {-code}' if code < 0 else f'with status {code}'}."

    def check(self) -> None:
        """Raises RunEnded if the process has ended."""
        if ended := self.end():
            raise RunEnded(f"{ended} Its last words are above.")

    def start_again(self) -> None:
        """In the place of a process that has ended. Raises RunEnded when that has happened MOST_DEATHS times in a minute."""
        now = time.monotonic()
        self._deaths = [*(one for one in self._deaths if now - one < DEATHS_WITHIN), now]
        if len(self._deaths) >= MOST_DEATHS:
            raise RunEnded(
                f"{self.end()} That was {MOST_DEATHS} times in a minute. Its last words are above."
            )
        self._kill_group()
        self.process = self._start()

    def ask_to_stop(self) -> None:
        with suppress(ProcessLookupError):
            self.process.terminate()

    def make_sure_it_stopped(self, deadline: float) -> None:
        """Wait until the deadline; what is left of the group then is killed. A job's lease lets another resume it."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=max(0.1, deadline - time.monotonic()))
        self._kill_group()
        self.process.wait()

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def web_server(settings: Settings) -> Child:
    arguments = ["--interface", "wsgi", "--host", settings.host, "--port", str(settings.port)]
    arguments += ["--workers", str(settings.web_workers), "--blocking-threads", str(settings.web_threads)]
    arguments += ["--no-ws", "--log-level", "warning", "--workers-kill-timeout", "5"]
    # Without it the death of one process ends the others and all that they were answering.
    arguments += ["--respawn-failed-workers"]
    return Child("web server", ["-m", "granian", *arguments, "config.web_process:application"])


def worker(settings: Settings) -> Child:
    arguments = ["--pool=threads", f"--concurrency={settings.worker_threads}", "--loglevel=WARNING"]
    arguments += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return Child("worker", ["-m", "celery", "--quiet", "-A", "config", "worker", *arguments])


def refuse_taken_port(host: str, port: int) -> None:
    """Raises RunEnded when another program listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise RunEnded(
                f"Port {port} cannot be used ({error.strerror}). Choose another one: make run PORT={port + 1}"
            ) from error


@contextmanager
def only_run(home: Path) -> Iterator[None]:
    """One run for each FIRESIDE_HOME. The kernel gives the lock back however this process ends."""
    with (home / "run.lock").open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise RunEnded(
                f"Fireside already runs with the data in {home}. Stop that run first, or choose another FIRESIDE_HOME."
            ) from error
        yield


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """SIGINT and SIGTERM raise StopRequested, once: a second one while stopping is ignored."""

    def stop(number: int, frame: object) -> None:
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, signal.SIG_IGN)
        raise StopRequested

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def children(settings: Settings) -> Iterator[list[Child]]:
    """The web server and the worker, stopped at the end however it comes."""
    started: list[Child] = []
    try:
        started.append(web_server(settings))
        started.append(worker(settings))
        yield started
    finally:
        for child in started:
            child.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS
        for child in started:
            child.make_sure_it_stopped(deadline)


def wait_for(
    ready: Callable[[], bool], watched: list[Child], seconds: float, what: str, pause: float = 0.2
) -> None:
    """Until `ready` says so. Raises RunEnded when a child ends or the time is over."""
    deadline = time.monotonic() + seconds
    while not ready():
        for child in watched:
            child.check()
        if time.monotonic() > deadline:
            raise RunEnded(
                f"{what} was not ready after {seconds:.0f} seconds. The lines above may say why; "
                "when the machine was only busy, start again: what was done stays."
            )
        time.sleep(pause)
