"""A deployment whose server lies elsewhere and says what the test wants."""

from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django import Settings

from credentials.access import FULL
from deployments.models import Deployment, State
from deployments.upstream_credentials import seal_header
from tests.gateway.conftest import Caller, caller_of
from tests.scripted_server import Scripted, scripted_server

SECRET = "Bearer their-secret"
STATEMENT: dict[str, Any] = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "software": {"name": "HAPI FHIR Server", "version": "6.10"},
    "implementation": {"url": "https://inside.example/fhir"},
    "rest": [{"mode": "server", "security": {"description": "theirs"}, "resource": [{"type": "Patient"}]}],
}


@pytest.fixture
def upstream() -> Iterator[Scripted]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def connected(deployment: Deployment, upstream: Scripted, settings: Settings) -> Deployment:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    return Deployment.objects.create(
        tenant=deployment.tenant,
        name="Connected",
        size="xl",
        region=deployment.region,
        state=State.RUNNING,
        upstream=upstream.base,
        upstream_credential=seal_header(f"Authorization: {SECRET}"),
    )


@pytest.fixture
def region() -> str:
    return "region_local"


@pytest.fixture
def caller(connected: Deployment) -> Caller:
    return caller_of(connected, FULL)
