from fhirserver.clearing import clear, drop
from fhirserver.partitions import count_resources, counts_by_type, reserve


def test_each_reserved_partition_has_its_own_number(region: str) -> None:
    first, second = reserve(region), reserve(region)
    assert first.number != second.number
    assert count_resources(first) == 0
    assert counts_by_type(second) == {}


def test_a_dropped_partition_gives_its_number_to_nobody(region: str) -> None:
    dropped = reserve(region)
    clear(dropped)
    drop(dropped)
    assert reserve(region).number > dropped.number
