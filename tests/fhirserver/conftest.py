"""A client with a partition of its own, on each database, beside another partition full of look-alikes."""

from collections.abc import Iterator

import pytest

from fhirserver.clearing import clear
from fhirserver.partitions import Partition, reserve
from tests.fhirserver.client import Client, neighbours
from tests.fhirserver.look_alikes import LookAlikes


@pytest.fixture
def partition(region: str) -> Partition:
    return reserve(region)


@pytest.fixture
def look_alikes(partition: Partition) -> Iterator[LookAlikes]:
    """Every client of the partition fills it, and fails when an answer shows anything of it."""
    made = neighbours[partition] = LookAlikes(partition)
    yield made
    del neighbours[partition]
    made.require_untouched()


@pytest.fixture
def client(partition: Partition, look_alikes: LookAlikes) -> Client:
    return Client(partition)


@pytest.fixture(params=["region_local", pytest.param("region_pg", marks=pytest.mark.postgres)])
def committed(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[Client]:
    """A client whose writes are really committed, so that other connections see them; the partition is emptied at the end."""
    partition = reserve(request.param)
    yield Client(partition)
    clear(partition)
