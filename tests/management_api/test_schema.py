"""Schemathesis on every operation of the schema: no fault, no undocumented answer, nothing accepted that the schema forbids."""

import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, load_all_checks

from config.wsgi import application
from deployments.models import Deployment
from portal.models import Role, User
from portal.services.tokens import create_token
from tests.world import World, build_world

pytestmark = pytest.mark.django_db(databases="__all__")
DOCUMENT: Any = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]
# Not asked: whether everything that fits the schema is accepted. A name in use or a plan's limit fits it and is refused.
load_all_checks()
UNASKED = [CHECKS.get_one("positive_data_acceptance")]


@pytest.fixture(scope="module")
def schema() -> Any:
    loaded = schemathesis.openapi.from_dict(DOCUMENT)
    loaded.app = application
    return loaded


@pytest.fixture
def world(deployment: Deployment, alice: User) -> World:
    return build_world(deployment.tenant, deployment, alice)


@pytest.fixture(autouse=True)
def _one_connection(world: World) -> Iterator[None]:
    """A request of its own would close the connection that holds the test's transaction. After `world`, whose client connects them."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def name_known_objects(case: schemathesis.Case, world: World) -> None:
    """About half of the ids in an address are those of something that exists, so that more than the 404 is tried."""
    for name, made_up in case.path_parameters.items():
        if name in world.ids and zlib.crc32(repr(made_up).encode()) % 2:
            case.path_parameters[name] = world.ids[name]


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda part: part)
def test_an_operation_keeps_to_the_schema(
    method: str, path: str, schema: Any, world: World, alice: User
) -> None:
    _, text = create_token(alice, "schemathesis", Role.OWNER, tenant=None, expires=None)

    @settings(
        max_examples=15,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path][method.upper()].as_strategy())
    def check(case: schemathesis.Case) -> None:
        cache.clear()
        name_known_objects(case, world)
        case.call_and_validate(
            headers={"Authorization": f"Bearer {text}", "Accept-Encoding": "identity"},
            excluded_checks=UNASKED,
        )

    check()
