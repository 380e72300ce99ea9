"""A running deployment in a region's store, its base, and keys of every kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.http.response import HttpResponseBase
from django.test import Client

from credentials.access import FULL, READ_ONLY, Access
from credentials.services import create_api_key
from deployments.models import Deployment, Region, State
from fhirserver import partitions
from gateway import limits
from gateway.door import decisions
from gateway.endpoints import endpoints
from gateway.recorder import recorder
from portal.models import Tenant, User
from smart.origins import forget_origins
from smart.tokens import forget_verified_tokens


@pytest.fixture(autouse=True)
def _fresh_door() -> Iterator[None]:
    """What the door remembers for a moment must not outlive a test's transaction; other suites leave log lines behind."""
    recorder.forget()
    yield
    endpoints.forget_all()
    decisions.forget_all()
    forget_verified_tokens()
    forget_origins()
    recorder.forget()
    limits._limiter.cache_clear()


@pytest.fixture
def deployment(region: str, tenant: Tenant, alice: User) -> Deployment:
    place, _ = Region.objects.get_or_create(name=region, defaults={"title": region, "database": region})
    return Deployment.objects.create(
        tenant=tenant,
        name="Clinic",
        state=State.RUNNING,
        # Large enough that only tests of limits meet one.
        size="xl",
        region=place,
        partition=partitions.reserve(region).number,
        created_by=alice,
    )


@dataclass
class Caller:
    """An outside client with one API key."""

    client: Client
    base: str
    key: str = ""

    def __call__(self, method: str, path: str = "", body: Any = None, **headers: str) -> HttpResponseBase:
        """`headers`: name with underscores for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key:
            sent.setdefault("x-api-key", self.key)
        options: dict[str, Any] = {"headers": sent}
        if body is not None:
            options |= {"data": body, "content_type": sent.pop("content-type", "application/fhir+json")}
        url = f"{self.base}/{path}" if path else self.base
        return self.client.generic(method, url, **options)


def caller_of(deployment: Deployment, access: Access | None, by: User | None = None) -> Caller:
    key = ""
    if access is not None:
        _, key = create_api_key(deployment, name=f"{access} key", access=access, by=by)
    return Caller(Client(), f"/fhir/{deployment.pk}/r4", key)


@pytest.fixture
def full(deployment: Deployment, alice: User) -> Caller:
    return caller_of(deployment, FULL, alice)


@pytest.fixture
def reader(deployment: Deployment, alice: User) -> Caller:
    return caller_of(deployment, READ_ONLY, alice)


@pytest.fixture
def nobody(deployment: Deployment) -> Caller:
    return caller_of(deployment, None)
