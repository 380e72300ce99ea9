"""A deployment to explore, and people who sign in."""

from collections.abc import Callable

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.urls import reverse

from credentials.access import FULL
from credentials.services import create_api_key
from deployments.models import Deployment, Region, State
from explorer import capabilities
from fhirserver.partitions import reserve
from portal.models import Tenant, User


@pytest.fixture(autouse=True)
def _forget_capabilities() -> None:
    capabilities._remembered.clear()


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that a page sends inside of a test shares the test's transaction, so nobody may close it."""
    monkeypatch.setattr(BaseDatabaseWrapper, "close_if_unusable_or_obsolete", lambda self: None)


@pytest.fixture
def deployment(tenant: Tenant) -> Deployment:
    """A running deployment with an empty partition in the local region's store."""
    region = Region.objects.get(name="local")
    return Deployment.objects.create(
        tenant=tenant,
        name="Ward 7",
        region=region,
        size="xs",
        state=State.RUNNING,
        partition=reserve(region.database).number,
    )


SignIn = Callable[[User], Client]


@pytest.fixture
def sign_in() -> SignIn:
    def signed(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed


@pytest.fixture
def api_key(deployment: Deployment, alice: User) -> str:
    """The text of an API key with full access."""
    return create_api_key(deployment, name="Exploring", access=FULL, by=alice)[1]


@pytest.fixture
def explorer(deployment: Deployment, alice: User, api_key: str, sign_in: SignIn) -> Client:
    """Alice's browser, authorized with the API key."""
    client = sign_in(alice)
    client.post(reverse("explorer:authorize", args=[deployment.pk]), {"credential": api_key})
    return client
