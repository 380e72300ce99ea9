"""A running deployment in a region's store, its base, and keys of every kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.http.response import HttpResponseBase
from django.test import Client

from credentials.access import FULL, READ_ONLY, Access
from credentials.models import ApplicationKind
from credentials.services import create_api_key
from deployments.models import Deployment, Region, State
from fhirserver import partitions
from gateway import limits
from gateway.door import decisions
from gateway.endpoints import endpoints
from gateway.recorder import recorder
from gateway.room import stored_resources
from gateway.tokens import represented_by
from portal.models import Tenant, User
from smart.applications import Registration, create_application
from smart.origins import forget_origins
from smart.servers import integrated_server
from smart.tokens import forget_verified_tokens

if TYPE_CHECKING:
    from tests.gateway.scoped import Bearer


@pytest.fixture(autouse=True)
def _fresh_door() -> Iterator[None]:
    """What the door remembers for a moment must not outlive a test's transaction; other suites leave log lines behind."""
    recorder.forget()
    yield
    endpoints.forget_all()
    decisions.forget_all()
    represented_by.forget_all()
    forget_verified_tokens()
    forget_origins()
    recorder.forget()
    stored_resources.forget_all()
    limits.current_second.forget()


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


@pytest.fixture
def bearer(deployment: Deployment, nobody: Caller) -> "Bearer":
    """`bearer(scopes, fhir_user="Patient/p1", patient="p1")`: a caller with such a token."""
    from tests.gateway.scoped import Token, token_for

    asked = Registration(
        "App", ApplicationKind.CONFIDENTIAL, ["https://app.example/cb"], allowed_scopes="patient/*.cruds"
    )
    application, _ = create_application(integrated_server(deployment), asked, by=None)

    def make(scopes: str, fhir_user: str = "Patient/p1", patient: str = "p1") -> Token:
        token = token_for(application, deployment, scopes, fhir_user, patient)
        return Token(nobody.client, nobody.base, token)

    return make
