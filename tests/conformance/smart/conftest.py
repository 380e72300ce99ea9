"""Packages from npm in a folder that is kept between runs, and programs of Node that run with them."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.smart.conftest import place as place
from tests.smart.ward import ward as ward

CHECKOUT = Path(__file__).resolve().parents[3]
_HERE = Path(__file__).parent / "npm"
_INSTALL = ("install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=optional", "--no-package-lock")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def packages() -> Path:
    """A folder with the packages of `npm/package.json` and our programs beside them; skips where they cannot be had."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("npm is not installed: relying parties and providers from npm cannot be run")
    wanted = (_HERE / "package.json").read_bytes()
    folder = Path(os.environ.get("FIRESIDE_HOME", CHECKOUT / "var")) / "npm" / sha256(wanted).hexdigest()[:12]
    if not (folder / "node_modules").is_dir():
        _install(wanted, folder)
    return folder


def _install(wanted: bytes, folder: Path) -> None:
    """Beside its place first, so that a test run that is stopped leaves nothing half installed."""
    made = folder.with_name(f"{folder.name}.{os.getpid()}")
    made.mkdir(parents=True)
    (made / "package.json").write_bytes(wanted)
    done = subprocess.run(["npm", *_INSTALL], cwd=made, capture_output=True, text=True, timeout=240)
    if done.returncode:
        shutil.rmtree(made)
        pytest.skip(f"npm could not install the packages: {done.stderr[-500:]}")
    try:
        made.rename(folder)
    except OSError:  # another process was quicker
        shutil.rmtree(made)


@contextmanager
def program(packages: Path, name: str, options: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """A program of ours that answers on a port of its own, from its "ready" to the end of the block."""
    script = packages / name
    script.write_bytes((_HERE / name).read_bytes())
    process = subprocess.Popen(
        ["node", str(script)],
        env={"PATH": os.environ["PATH"], "SETTINGS": json.dumps(options)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        lines = []
        while (line := process.stdout.readline()) and line != "ready\n":
            lines.append(line)
        assert line, "".join(lines)
        yield process
    finally:
        process.kill()
        process.communicate()


Start = Callable[[str, dict[str, Any]], subprocess.Popen[str]]


@pytest.fixture
def start(packages: Path) -> Iterator[Start]:
    """Starts a program by its file's name and its settings; it ends with the test."""
    with ExitStack() as stack:
        yield lambda name, options: stack.enter_context(program(packages, name, options))
