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

from tests.bench.cost import Cpu, cpu_seconds, processes_below, resident_megabytes
from tests.bench.http import Connection

CHECKOUT = Path(__file__).resolve().parents[2]
POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432/postgres")
BENCH_DATABASE = os.environ.get("BENCH_DATABASE", "fireside_bench")


@dataclass
class Server:
    """A running product. `base` is the FHIR base URL of its deployment."""

    database: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    home: Path
    base: str
    api_key: str
    portal: str

    def connect(self) -> Connection:
        return self._connected({"x-api-key": self.api_key})

    def connect_with(self, token: str) -> Connection:
        return self._connected({"Authorization": f"Bearer {token}"})

    def _connected(self, credential: dict[str, str]) -> Connection:
        parts = urlsplit(self.base)
        return _Based(parts.hostname or "", parts.port or 80, credential, parts.path)

    def new_token(self) -> str:
        """An access token of a backend service, good for five minutes."""
        return self._run_beside("tests.bench.token", self.base.split("/")[-2])

    def read_words(self) -> float:
        """Let the full text catch up with what was written; seconds."""
        return float(self._run_beside("tests.bench.words"))

    def _run_beside(self, module: str, *arguments: str) -> str:
        """The last word that a module prints in the product's environment."""
        made = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=CHECKOUT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return made.stdout.split()[-1]

    def cpu(self) -> Cpu:
        return Cpu(cpu_seconds(processes_below(self.process.pid)), cpu_seconds(self._sessions()))

    def _sessions(self) -> list[int]:
        if self.database != "postgresql":
            return []
        with psycopg.connect(_bench_url()) as connection:
            rows = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return [int(row[0]) for row in rows]

    def resident_megabytes(self) -> float:
        """Memory of the supervisor and all it started."""
        return resident_megabytes(processes_below(self.process.pid))

    def disk_megabytes(self) -> float:
        if self.database == "postgresql":
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

    def send(self, method: str, path: str, body: bytes = b"") -> None:
        super().send(method, path[1:] if path.startswith("//") else self._base + path, body)


def _bench_url() -> str:
    return POSTGRES.rpartition("/")[0] + f"/{BENCH_DATABASE}"


def _fresh_database() -> None:
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {BENCH_DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {BENCH_DATABASE}")


def start(database: str) -> Server:
    """Start the product on `sqlite` or `postgresql` and wait until its demo deployment answers."""
    home = Path(tempfile.mkdtemp(prefix="fireside-bench-"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "FIRESIDE_HOME": str(home), "PORT": str(port)}
    environment.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")
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
    return Server(database, environment, process, home, *_wait(process, home, port))


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
