"""A client with a partition of its own, on each database."""

import pytest

from fhirserver.partitions import Partition, reserve
from tests.fhirserver.client import Client


@pytest.fixture
def partition(region: str) -> Partition:
    return reserve(region)


@pytest.fixture
def client(partition: Partition) -> Client:
    return Client(partition)
