"""Deployments for tests, and real worker processes on the test's own databases."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client
from pytest_django import Settings

from deployments.models import Deployment, Job, Region, State
from portal.models import Tenant, User
from tests.deployments.loading import Send, run_newest
from tests.world import running_deployment

CHECKOUT = Path(__file__).resolve().parents[2]

Worker = subprocess.Popen[bytes]
StartWorker = Callable[..., Worker]


@pytest.fixture
def local_region(db: None) -> Region:
    return Region.objects.get(name="local")


@pytest.fixture
def deployment(tenant: Tenant, local_region: Region) -> Deployment:
    """A deployment row on which jobs can hang; it is not provisioned."""
    return Deployment.objects.create(
        tenant=tenant, name="Ward 7", region=local_region, size="xs", state=State.CREATING
    )


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[StartWorker]:
    """Start a Celery worker process on the test's databases: `start_worker(broker_url="")`."""
    started: list[Worker] = []

    def start(broker_url: str = "", application: str = "tests.deployments.slow_worker") -> Worker:
        names = {alias: connections[alias].settings_dict["NAME"] for alias in ("default", "region_local")}
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "FIRESIDE_HOME_FOR_TESTS": str(settings.HOME),
            "DATABASE_URL": f"sqlite:///{names['default']}",
            "FIRESIDE_REGIONS": f"local=sqlite:///{names['region_local']}",
            "BROKER_URL": broker_url,
            "JOB_LEASE_SECONDS": "2",
        }
        arguments = ["-A", application, "worker", "--pool=threads", "--concurrency=2", "--loglevel=INFO"]
        lean = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        with (tmp_path / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                [sys.executable, "-m", "celery", *arguments, *lean],
                cwd=CHECKOUT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.terminate()
    for worker in started:
        try:
            worker.wait(timeout=10)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


@pytest.fixture
def running(tenant: Tenant, settings: Settings, tmp_path: Path) -> Deployment:
    """A running deployment with an empty partition, and a directory of its own for files."""
    settings.TRANSFER_DIR = tmp_path
    return running_deployment(tenant)


@pytest.fixture
def alices(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.fixture
def send(alices: Client, running: Deployment) -> Send:
    """Upload a file's bytes and let the job run."""

    def sending(content: bytes, **fields: str) -> Job:
        file = SimpleUploadedFile("patients.ndjson", content)
        alices.post(f"/deployments/{running.pk}/data/import/", {"file": file, **fields})
        return run_newest(running)

    return sending
