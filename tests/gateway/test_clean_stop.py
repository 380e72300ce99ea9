"""A web server that is asked to stop stores the log lines that still wait."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from deployments.models import Deployment, Region, State
from gateway.models import RequestLog
from portal.models import Tenant

CHECKOUT = Path(__file__).resolve().parents[2]
REQUESTS = 200


@pytest.fixture
def known(transactional_db: None, tenant: Tenant) -> Deployment:
    return Deployment.objects.create(
        tenant=tenant,
        name="Ward 7",
        region=Region.objects.get(name="local"),
        size="xl",
        state=State.RUNNING,
        partition=1,
    )


@pytest.fixture
def server(known: Deployment, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The product's own web server on the test's control database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.development",
        "FIRESIDE_HOME": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{connections['default'].settings_dict['NAME']}",
    }
    (tmp_path / "catalogue").symlink_to(settings.CATALOGUE_DIR)
    arguments = ["--interface", "wsgi", "--port", str(port), "--blocking-threads", "2", "--no-ws"]
    process = subprocess.Popen(
        [sys.executable, "-m", "granian", *arguments, "config.wsgi:application"],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield process, port
    process.kill()
    process.wait()


def ask(port: int, path: str) -> list[int]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    statuses = []
    for _ in range(REQUESTS):
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()
    return statuses


def test_nothing_is_lost_on_a_clean_stop(
    known: Deployment, server: tuple[subprocess.Popen[bytes], int]
) -> None:
    process, port = server
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    statuses = ask(port, f"/fhir/{known.pk}/r4/Patient/1")
    process.terminate()
    process.wait(timeout=30)
    assert set(statuses) == {401, 429} or set(statuses) == {401}
    assert RequestLog.objects.filter(deployment=known).count() == REQUESTS
