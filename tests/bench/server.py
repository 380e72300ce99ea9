"""A product of its own for a bench: fresh home, chosen database, one full deployment of the largest size."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.bench.http import Connection

CHECKOUT = Path(__file__).resolve().parents[2]
POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
BENCH_DATABASE = "fireside_bench"


@dataclass
class Server:
    """A running product. `base` is the FHIR base URL of its deployment."""

    process: subprocess.Popen[bytes]
    home: Path
    base: str
    api_key: str
    portal: str

    def connect(self) -> Connection:
        parts = urlsplit(self.base)
        return _Based(parts.hostname or "", parts.port or 80, {"x-api-key": self.api_key}, parts.path)

    def resident_megabytes(self) -> float:
        """Memory of the supervisor and all it started (shared pages counted once for each process)."""
        pids = subprocess.run(
            ["pgrep", "-g", str(os.getpgid(self.process.pid))], capture_output=True, text=True
        )
        kilobytes = 0
        for pid in pids.stdout.split():
            status = Path(f"/proc/{pid}/status").read_text()
            kilobytes += next(
                int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")
            )
        return kilobytes / 1024

    def disk_megabytes(self, database: str) -> float:
        if database == "postgresql":
            with psycopg.connect(_bench_url()) as connection:
                row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
                return int(row[0] if row else 0) / 2**20
        return sum(path.stat().st_size for path in (self.home / "regions").iterdir()) / 2**20

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=30)


class _Based(Connection):
    """Paths are relative to the FHIR base; one that starts with `//` is relative to the host."""

    def __init__(self, host: str, port: int, headers: dict[str, str], base: str) -> None:
        super().__init__(host, port, headers)
        self._base = base

    def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        return super().request(method, path[1:] if path.startswith("//") else self._base + path, body)


def _bench_url() -> str:
    return POSTGRES.rpartition("/")[0] + f"/{BENCH_DATABASE}"


def _fresh_database() -> None:
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {BENCH_DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {BENCH_DATABASE}")


def start(database: str) -> Server:
    """Start the product on `sqlite` or `postgresql` and wait until its demo deployment answers."""
    home = Path(tempfile.mkdtemp(prefix="fireside-bench-"))
    (home / "catalogue").symlink_to((CHECKOUT / "var" / "catalogue").resolve())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "FIRESIDE_HOME": str(home), "PORT": str(port)}
    if database == "postgresql":
        _fresh_database()
        environment["FIRESIDE_REGIONS"] = f"local={_bench_url()}"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run"],
        cwd=CHECKOUT,
        env=environment,
        stdout=(home / "run.log").open("wb"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    return Server(process, home, *_wait(process, home, port))


def _wait(process: subprocess.Popen[bytes], home: Path, port: int) -> tuple[str, str, str]:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
                demo = json.loads((home / "demo.json").read_text())
            return demo["fhir_base"], demo["api_key"], demo["portal"]
        except (OSError, ValueError):
            time.sleep(0.3)
    raise SystemExit(f"The product did not start:\n{(home / 'run.log').read_text()[-3000:]}")
