"""A deployment that holds nothing yet, and callers of the Management API with tokens of every kind."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from deployments.models import Deployment
from portal.models import Role, Tenant, User
from portal.services.tokens import create_token
from portal.subscriptions import subscribe
from tests.world import running_deployment

BASE = "/api/v1/"


class Api:
    """A caller with a token of this person: `api("post", "deployments/", {...}, idempotency_key="1")`."""

    def __init__(self, user: User, role: Role = Role.OWNER, tenant: Tenant | None = None) -> None:
        _, text = create_token(user, "script", role, tenant=tenant, expires=None)
        self.client = Client(headers={"Authorization": f"Bearer {text}"})

    def __call__(self, method: str, path: str, data: object = None, **headers: str) -> Any:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        options: dict[str, Any] = {"headers": sent}
        if data is not None:
            options |= {"data": data, "content_type": "application/json"}
        return getattr(self.client, method)(BASE + path, **options)


ApiOf = Callable[..., Api]


@pytest.fixture(autouse=True)
def _no_earlier_throttles() -> None:
    cache.clear()


@pytest.fixture
def plan(tenant: Tenant, alice: User) -> None:
    """The tenant has subscribed, so that it may deploy."""
    subscribe(tenant, actor=alice, service="fhir-server")


@pytest.fixture
def deployment(tenant: Tenant, plan: None, alice: User) -> Deployment:
    return running_deployment(tenant, created_by=alice)


@pytest.fixture
def api(alice: User) -> Api:
    """The owner's."""
    return Api(alice)
