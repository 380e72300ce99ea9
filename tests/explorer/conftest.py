"""A deployment to explore, and people who sign in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from credentials.access import FULL
from credentials.services import create_api_key
from deployments.models import Deployment
from deployments.regions import synchronise_regions
from explorer import capabilities
from portal.models import Tenant, User
from tests.explorer.browsing import WIDE
from tests.world import running_deployment


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
    return running_deployment(tenant)


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


@pytest.fixture
def emptied_stores(transactional_db: None) -> None:
    """Other tests in a browser empty every table; regions are made after each migration."""
    cache.clear()
    synchronise_regions()


@pytest.fixture
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    width, scheme = getattr(request, "param", WIDE)
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        accept_downloads=True,
    )
    page = context.new_page()
    faults: list[Any] = []
    page.on("pageerror", lambda error: faults.append(error))
    page.on(
        "console", lambda message: faults.append(message.text) if "Security Policy" in message.text else None
    )
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def plain_page(browser: Browser) -> Iterator[Page]:
    """A browser without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def home(live_server: LiveServer, deployment: Deployment, settings: LazySettings) -> str:
    """The address of API Development, reachable by the server itself under its public address."""
    settings.PUBLIC_URL = live_server.url
    return live_server.url + reverse("explorer:index", args=[deployment.pk])
