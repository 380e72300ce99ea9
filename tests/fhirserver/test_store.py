"""What the store promises on every database: versions, differences, and no lost write."""

from collections.abc import Callable

import pytest

from fhirserver.access import FULL
from fhirserver.clearing import clear
from fhirserver.connection import WriteConflict, fetch
from fhirserver.partitions import count_resources, counts_by_type, reserve
from fhirserver.rows import DateRow, IndexRows, QuantityRow, ReferenceRow, StringRow
from fhirserver.store import Store, change_of, deletion_of, new_version_time

ROWS = IndexRows(
    rank=7,
    postings=[5, -6],
    references=[ReferenceRow(1, 99)],
    strings=[StringRow(2, "möller"), StringRow(2, 'o"brien\\')],
    dates=[DateRow(3, 10, 20)],
    quantities=[QuantityRow(4, 0, 1.5, 2.5)],
)
OTHER_ROWS = IndexRows(7, [5, 8], [ReferenceRow(1, 99)], [StringRow(2, "maier")], [], [])


@pytest.fixture
def store(region: str) -> Store:
    return Store(reserve(region), FULL)


def put(store: Store, rows: IndexRows, content: bytes = b"{}", logical_id: str = "a") -> None:
    current = store.get_to_change("Patient", logical_id)
    time = new_version_time(current)
    store.write([change_of(current, "Patient", logical_id, time, "PUT", content, rows)])


@pytest.fixture
def index(store: Store) -> Callable[[str, str], set[tuple[object, ...]]]:
    def rows(table: str, columns: str) -> set[tuple[object, ...]]:
        query = f"SELECT {columns} FROM {table} WHERE partition = %s"
        return set(fetch(store.partition.region, query, [store.partition.number]))

    return rows


def test_what_is_written_is_read_back(store: Store) -> None:
    put(store, ROWS, b'{"a":1.50}')
    found = store.get("Patient", "a")
    assert found is not None
    assert (found.content, found.version, found.method) == (b'{"a":1.50}', 1, "PUT")
    assert store.get("Patient", "b") is None


def test_an_update_writes_the_difference_of_the_index(
    store: Store, index: Callable[[str, str], set[tuple[object, ...]]]
) -> None:
    put(store, ROWS)
    assert index("fhir_posting", "key, rank") == {(5, 7), (-6, 7)}
    assert index("fhir_string", "value") == {("möller",), ('o"brien\\',)}
    assert index("fhir_quantity", "unit, low, high") == {(0, 1.5, 2.5)}
    put(store, OTHER_ROWS)
    assert index("fhir_posting", "key, rank") == {(5, 7), (8, 7)}
    assert index("fhir_string", "value") == {("maier",)}
    assert index("fhir_reference", "param, target") == {(1, 99)}
    assert index("fhir_date", "low") == set()


def test_every_version_stays_readable(store: Store) -> None:
    for content in (b"1", b"2", b"3"):
        put(store, ROWS, content)
    found = [store.get_version("Patient", "a", number) for number in (1, 2, 3)]
    assert [one.content for one in found if one] == [b"1", b"2", b"3"]
    assert store.get_version("Patient", "a", 4) is None


def test_a_deletion_leaves_the_versions_and_no_index(
    store: Store, index: Callable[[str, str], set[tuple[object, ...]]]
) -> None:
    put(store, ROWS)
    current = store.get_to_change("Patient", "a")
    assert current is not None
    store.write([deletion_of(current)])
    found = store.get("Patient", "a")
    assert found is not None
    assert found.deleted
    assert index("fhir_posting", "key") == set()
    assert count_resources(store.partition) == 0


def test_of_two_updates_of_one_version_the_second_is_refused_whole(store: Store) -> None:
    put(store, ROWS)
    current = store.get_to_change("Patient", "a")
    first = change_of(current, "Patient", "a", new_version_time(current), "PUT", b"first", ROWS)
    second = change_of(current, "Patient", "a", new_version_time(current), "PUT", b"second", OTHER_ROWS)
    bystander = change_of(None, "Patient", "b", new_version_time(None), "POST", b"b", ROWS)
    store.write([first])
    with pytest.raises(WriteConflict):
        store.write([bystander, second])
    assert store.get("Patient", "b") is None
    found = store.get("Patient", "a")
    assert found is not None
    assert found.content == b"first"


def test_many_resources_are_written_at_once(store: Store) -> None:
    changes = [
        change_of(None, "Patient", str(number), new_version_time(None), "POST", b"{}", ROWS)
        for number in range(1200)
    ]
    store.write(changes)
    assert counts_by_type(store.partition) == {"Patient": 1200}
    assert len(store.get_many([change.rid for change in changes])) == 1200
    clear(store.partition)
    assert count_resources(store.partition) == 0


def test_partitions_do_not_see_each_other(store: Store) -> None:
    put(store, ROWS)
    neighbour = Store(reserve(store.partition.region), FULL)
    assert neighbour.get("Patient", "a") is None
    put(neighbour, ROWS, b"other")
    clear(store.partition)
    found = neighbour.get("Patient", "a")
    assert found is not None
    assert found.content == b"other"


def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    def written_then_killed() -> None:
        with store.atomic():
            put(store, ROWS)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        written_then_killed()
    assert store.get("Patient", "a") is None
