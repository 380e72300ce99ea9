"""What every test shares: the catalogue, the people, the regions, and which services this machine has.

Alice owns the tenant, Bob is her team-mate, Charlie is a stranger.
"""

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from playwright.sync_api import Browser, expect, sync_playwright

from portal.models import Membership, Role, Tenant, User
from tests.chromium import ARGUMENTS, chromium

# Playwright keeps an event loop in the main thread, where Django would refuse to touch a database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# A busy machine is no fault of what is tested.
hypothesis.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
# pytest --hypothesis-profile=thorough
hypothesis.register_profile("thorough", hypothesis.get_profile("busy"), max_examples=20_000)
hypothesis.load_profile("busy")
# As long as Playwright waits for what it acts on.
expect.set_options(timeout=30_000)

REGIONS = ("local", "pg")
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _missing_services() -> dict[str, str]:
    """Marker name to why its tests cannot run here."""
    missing = {}
    if not settings.POSTGRES_AVAILABLE:
        missing["postgres"] = "PostgreSQL is not running (TEST_POSTGRES_URL)"
    if not _listens(6379):
        missing["redis"] = "Redis is not running on port 6379"
    if not _listens(5672):
        missing["rabbitmq"] = "RabbitMQ is not running on port 5672"
    if chromium() is None:
        missing["browser"] = "Chromium is not installed"
    return missing


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = _missing_services()
    if missing and os.environ.get("CI"):
        pytest.exit(f"CI must have every service. Missing: {'; '.join(missing.values())}", returncode=4)
    for item in items:
        if "region" in getattr(item, "fixturenames", ()) and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db(databases="__all__"))
        for marker, reason in missing.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def _catalogue() -> None:
    """The catalogue of R4 definitions is built once for the checkout, and only when it is missing."""
    from django.core.management import call_command

    call_command("build_catalogue", verbosity=0)


def _is_made(database: dict[str, Any]) -> bool:
    return bool(database["NAME"] == database["TEST"]["NAME"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Live servers and browsers leave connections behind, which would keep PostgreSQL from dropping a test database."""
    from django.core.management import call_command

    # A database that none of the chosen tests asks for is not made: its connection leads to what is no test's.
    made = [
        alias for alias in settings.FIRESIDE_REGIONS.values() if _is_made(connections[alias].settings_dict)
    ]
    with django_db_blocker.unblock():
        for alias in made:
            call_command("migrate", "fhirserver", database=alias, verbosity=0)
    yield
    if "region_pg" in made:
        with django_db_blocker.unblock(), connections["region_pg"].cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(autouse=True)
def _no_outside_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test may speak to this machine and to nobody else."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple):
            host = address[0]
            if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
                raise AssertionError(f"a test tried to connect to {host}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(
    params=[
        pytest.param(name, marks=[pytest.mark.postgres] if name == "pg" else [], id=name) for name in REGIONS
    ]
)
def region(request: pytest.FixtureRequest) -> str:
    """The database alias of a region's store: each test that asks for it runs on SQLite and on PostgreSQL."""
    return f"region_{request.param}"


@pytest.fixture
def shared_data() -> Path:
    """Larger sample data, where a checkout has it beside itself."""
    if not SHARED_DATA.is_dir():
        pytest.skip("no sample data beside this checkout")
    return SHARED_DATA


def _user(name: str) -> User:
    user = User.objects.create_user(f"{name.lower()}@example.org", "correct-horse-battery", name=name)
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)  # type: ignore[attr-defined]
    return user


@pytest.fixture
def alice(db: None) -> User:
    return _user("Alice")


@pytest.fixture
def bob(db: None) -> User:
    return _user("Bob")


@pytest.fixture
def charlie(db: None) -> User:
    return _user("Charlie")


@pytest.fixture
def tenant(alice: User, bob: User) -> Tenant:
    """Alice's tenant, in which Bob reads (raise `Membership.role` where a test needs more)."""
    made = Tenant.objects.create(name="Acme Health", slug="acme-health")
    Membership.objects.create(tenant=made, user=alice, role=Role.OWNER)
    Membership.objects.create(tenant=made, user=bob, role=Role.READ)
    return made


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium(),
            args=ARGUMENTS,
        )
        yield launched
        launched.close()
