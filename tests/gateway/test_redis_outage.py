"""Rates are counted in Redis where there is one. Without it requests go on, and each process counts for itself."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from deployments.models import Deployment
from gateway import limits
from tests.gateway.conftest import Caller

pytestmark = pytest.mark.redis


class Redis:
    """A server of this test's own, which may stop."""

    def __init__(self, directory: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("redis-server") or pytest.skip("redis-server is not installed")
        self._process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""],
            cwd=self._directory,
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("Redis did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def redis(tmp_path: Path, settings: Settings) -> Iterator[Redis]:
    made = Redis(tmp_path)
    settings.REDIS_URL = f"redis://127.0.0.1:{made.port}/0"
    limits.forget_shared()
    yield made
    made.stop()
    limits.forget_shared()


@pytest.fixture
def one_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "current_second", limits.CurrentSecond(clock=lambda: 1_800_000_000.5))


def test_requests_go_on_without_redis_and_are_still_counted(
    full: Caller, deployment: Deployment, redis: Redis, one_second: None
) -> None:
    Deployment.objects.filter(pk=deployment.pk).update(size="xs")
    statuses = [full("GET", "Patient").status_code for _ in range(60)]
    assert set(statuses) == {200, 429}
    assert statuses.count(200) == 50


def test_a_redis_that_went_away_is_used_again_when_it_is_back(
    full: Caller, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    own = limits.current_second.hit
    monkeypatch.setattr(limits.current_second, "hit", lambda *asked: counted.append("here") or own(*asked))
    monkeypatch.setattr(limits, "REDIS_PAUSE", 0.0)
    redis.start()
    assert full("GET", "Patient").status_code == 200
    assert counted == []
    redis.stop()
    assert full("GET", "Patient").status_code == 200
    assert counted == ["here"]
    redis.start()
    assert full("GET", "Patient").status_code == 200
    assert counted == ["here"]
