"""A database, a cache or a disk that is not there: pages and calls say so with 503, and ask nothing of what is missing."""

import errno
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.db.utils import ConnectionHandler, DatabaseError, InterfaceError, OperationalError
from django.test import Client, override_settings
from redis.exceptions import ConnectionError as CacheUnreachable
from redis.exceptions import TimeoutError as CacheSilent

from fhirserver.outcomes import StoreLost
from portal.models import Tenant, User
from portal.outages import outage_of

LOST = "server closed the connection unexpectedly: host=10.1.2.3 user=fireside"
UNREACHABLE_CACHE = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://127.0.0.1:1/0",
    }
}


def _lost(execute: Callable[..., Any], *_: Any) -> Any:
    raise OperationalError(LOST)


@pytest.fixture
def visitor(alice: User, tenant: Tenant) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    return client


@pytest.fixture
def without_database(visitor: Client) -> Iterator[Client]:
    with connection.execute_wrapper(_lost):
        yield visitor


@pytest.mark.parametrize("address", ["/deployments/", "/services/", "/tenants/acme-health/members/", "/"])
def test_a_page_without_its_database_is_503_and_says_so(without_database: Client, address: str) -> None:
    answer = without_database.get(f"{address}?from=mail")
    page = answer.content.decode()
    assert (answer.status_code, answer["Cache-Control"]) == (503, "no-store")
    assert int(answer["Retry-After"]) > 0
    assert "database" in page
    assert "10.1.2.3" not in page
    assert f'href="{address}?from=mail"' in page


def test_a_form_without_the_database_is_not_sent_again_by_a_link(without_database: Client) -> None:
    answer = without_database.post("/deployments/new/", {})
    assert answer.status_code == 503
    assert 'href="/"' in answer.content.decode()


def test_a_call_without_the_database_is_a_problem_with_503(without_database: Client) -> None:
    answer = without_database.get("/api/v1/deployments/")
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert int(answer["Retry-After"]) > 0
    assert "10.1.2.3" not in answer.content.decode()


@pytest.mark.parametrize("endpoint", ["token", "introspect", "revoke", "register"])
def test_an_application_hears_that_the_server_is_not_available_now(
    without_database: Client, endpoint: str
) -> None:
    answer = without_database.post(f"/auth/abcdefghijkl/{endpoint}", {"grant_type": "client_credentials"})
    assert answer.status_code == 503
    assert answer.json()["error"] == "temporarily_unavailable"
    assert int(answer["Retry-After"]) > 0


def test_signing_in_without_the_cache_that_counts_failures_is_503(db: None) -> None:
    with override_settings(CACHES=UNREACHABLE_CACHE):
        answer = Client(raise_request_exception=False).post(
            "/accounts/login/", {"login": "alice@example.org", "password": "wrong"}
        )
    assert answer.status_code == 503
    assert "cache" in answer.content.decode()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OperationalError("database or disk is full"), "disk"),
        (OperationalError('could not extend file "base/1": No space left on device'), "disk"),
        (OSError(errno.ENOSPC, "No space left on device"), "disk"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk"),
        (InterfaceError("connection already closed"), "database"),
        (CacheUnreachable("refused"), "cache"),
        (CacheSilent("no answer"), "cache"),
        (StoreLost("The store is away."), "The store is away."),
    ],
)
def test_what_is_missing_is_named(error: Exception, words: str) -> None:
    assert words in outage_of(error)


@pytest.mark.parametrize("error", [None, ValueError("disk is full"), OSError(errno.EACCES, "no"), KeyError()])
def test_a_fault_of_ours_is_no_outage(error: Exception | None) -> None:
    assert outage_of(error) == ""


@pytest.mark.parametrize("region", ["region_local", "region_pg"])
@pytest.mark.django_db(databases=["region_local", "region_pg"], transaction=True)
def test_a_statement_that_the_database_refuses_is_a_fault_of_ours(region: str) -> None:
    slow = connections[region].vendor == "postgresql"
    statements = ["SELECT no_such_column FROM fhir_resource"]
    statements += (
        ["SET statement_timeout = 5; SELECT pg_sleep(5)"] if slow else ["SELECT load_extension('x')"]
    )
    for statement in statements:
        with connections[region].cursor() as cursor, pytest.raises(DatabaseError) as refused:
            cursor.execute(statement)
        assert outage_of(refused.value) == ""
        connections[region].close()


@pytest.mark.django_db
def test_a_file_that_cannot_be_opened_is_an_outage(tmp_path: Path) -> None:
    missing = ConnectionHandler(
        {"default": {**connections["region_local"].settings_dict, "NAME": tmp_path / "no" / "x.sqlite3"}}
    )
    with pytest.raises(OperationalError) as lost:
        missing["default"].ensure_connection()
    assert "database" in outage_of(lost.value)
