"""Resources of one partition as one caller may see them: read them, and write new versions.

`Store` is what every interaction gets beside its request. It holds the partition and the access grant, never a user.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from fhirserver import dialect
from fhirserver.access import AccessGrant
from fhirserver.connection import WriteConflict, atomic, execute, fetch, lock_name, one_of
from fhirserver.dialect.changes import Change
from fhirserver.guides.memory import forget_guides, guides_of
from fhirserver.outcomes import StoreFull
from fhirserver.partitions import Partition
from fhirserver.reached import Record
from fhirserver.rows import NO_ROWS, IndexRows, pack, unpack
from fhirspec.hashing import hash64

DELETED = "DELETE"
DEFINING = frozenset({"CodeSystem", "StructureDefinition", "ValueSet"})
"""Types by whose resources others are validated."""
_NEW_DEFINITIONS = "UPDATE fhir_definitions SET version = %s WHERE partition = %s"
_MILLISECOND = 1000


class Version(NamedTuple):
    """One version of a resource as stored. `content` is None for a deletion. `updated` in microseconds since 1970."""

    rid: int
    type: str
    logical_id: str
    version: int
    updated: int
    method: str
    content: bytes | None

    @property
    def deleted(self) -> bool:
        return self.method == DELETED


class Current(NamedTuple):
    """The current version together with what an update needs to know of it."""

    rid: int
    type: str
    logical_id: str
    version: int
    updated: int
    method: str
    content: bytes | None
    rank: int
    postings: bytes

    @property
    def deleted(self) -> bool:
        return self.method == DELETED


_VERSION = "rid, type, logical_id, version, updated, method, content"
CURRENT_COLUMNS = f"{_VERSION}, rank, postings"
_ONE = f"SELECT {_VERSION} FROM fhir_resource WHERE partition = %s AND rid = %s"
_ONE_TO_CHANGE = f"SELECT {CURRENT_COLUMNS} FROM fhir_resource WHERE partition = %s AND rid = %s"
_ONE_VERSION = (
    f"{_ONE} AND version = %s UNION ALL"
    f" SELECT {_VERSION} FROM fhir_history WHERE partition = %s AND rid = %s AND version = %s"
)


Stored = TypeVar("Stored", Version, Current)
Admit = Callable[[int], bool]


def rid_of(resource_type: str, logical_id: str) -> int:
    return hash64(f"{resource_type}/{logical_id}")


def now_us() -> int:
    """Now in microseconds. `meta.lastUpdated` says it in milliseconds; the rest keeps versions in order."""
    return time.time_ns() // 1000


@dataclass(slots=True)
class Store:
    """`is_installing`: it may change the resources that guides brought. `admit`: whether so many new resources may come."""

    partition: Partition
    grant: AccessGrant
    is_installing: bool = False
    admit: Admit | None = None
    _record: Record | None = None

    @property
    def record(self) -> Record:
        """What the records that the caller is confined to refer to."""
        if self._record is None:
            self._record = Record(self.partition, self.grant)
        return self._record

    # -- reading ---------------------------------------------------------------------------------------------

    def get(self, resource_type: str, logical_id: str) -> Version | None:
        """The current version, deleted or not; None when there never was one."""
        found = self._fetch(_ONE, rid_of(resource_type, logical_id))
        return _of_id((Version(*row) for row in found), resource_type, logical_id)

    def get_to_change(self, resource_type: str, logical_id: str) -> Current | None:
        found = self._fetch(_ONE_TO_CHANGE, rid_of(resource_type, logical_id))
        return _of_id((Current(*row) for row in found), resource_type, logical_id)

    def get_version(self, resource_type: str, logical_id: str, version: int) -> Version | None:
        rid = rid_of(resource_type, logical_id)
        number = self.partition.number
        found = self._fetch(_ONE_VERSION, rid, version, number, rid, version)
        return _of_id((Version(*row) for row in found), resource_type, logical_id)

    def get_many(self, rids: Sequence[int]) -> dict[int, Version]:
        """Current, undeleted versions by rid; those that are missing are left out."""
        rows = self._fetch_many(_VERSION, rids)
        return {row[0]: Version(*row) for row in rows if row[5] != DELETED}

    def get_many_to_change(self, rids: Sequence[int]) -> dict[int, Current]:
        return {row[0]: Current(*row) for row in self._fetch_many(CURRENT_COLUMNS, rids)}

    def _fetch_many(self, columns: str, rids: Sequence[int]) -> list[tuple[Any, ...]]:
        if not rids:
            return []
        among, parameter = one_of(self.partition.region, rids)
        return self._fetch(
            f"SELECT {columns} FROM fhir_resource WHERE partition = %s AND rid {among}", parameter
        )

    def _fetch(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return fetch(self.partition.region, statement, (self.partition.number, *parameters))

    # -- writing ---------------------------------------------------------------------------------------------

    def write(self, changes: Sequence[Change]) -> Sequence[Change]:
        """All of them or none; as they were written, perhaps with a later time. WriteConflict: one is no longer next in line. Conflict: one belongs to a guide. StoreFull: there is no
        room for the new ones."""
        if not self.is_installing:
            guides_of(self.partition).require_unowned(change.rid for change in changes)
        self._require_room(sum(change.version == 1 for change in changes))
        written = dialect.write(self.partition.region, self.partition.number, changes)
        if not self.is_installing and any(change.type in DEFINING for change in changes):
            self._definitions_changed()
        return written

    @contextmanager
    def ahead(self, coming: int) -> Iterator[Callable[[Change], None] | None]:
        """What is given to it is written by the end, while the caller goes on: so many resources under ids made just now, of none of
        the DEFINING types. None where they are few: they wait for `write`. Raises as `write` does, StoreFull before the first."""
        with dialect.written_ahead(self.partition.region, self.partition.number, coming) as sent:
            if sent is None:
                yield None
                return
            self._require_room(coming)
            yield sent.add

    def _require_room(self, created: int) -> None:
        if created and self.admit is not None and not self.admit(created):
            raise StoreFull(
                "As many resources are stored as the size allows. Delete some, or choose a larger size."
            )

    def _definitions_changed(self) -> None:
        """A client's own profile or terminology changed: what was read of it before is forgotten everywhere."""
        execute(self.partition.region, _NEW_DEFINITIONS, (now_us(), self.partition.number))
        forget_guides(self.partition.region, self.partition.number)

    def atomic(self) -> Any:
        """A transaction; a `with` block inside another is a savepoint."""
        return atomic(self.partition.region)

    def lock(self, name: str) -> None:
        """Inside `atomic`: let no other request that asks for the same name pass until this one has ended."""
        lock_name(self.partition.region, hash64(f"{self.partition.number}|{name}"))


def _of_id(found: Iterable[Stored], resource_type: str, logical_id: str) -> Stored | None:
    """Another resource may share the number: its hash is only 64 bits long."""
    one = next(iter(found), None)
    if one is None or one.logical_id != logical_id or one.type != resource_type:
        return None
    return one


def new_version_time(current: Current | None) -> int:
    """The time of a new version, later than that of the one before."""
    return now_us() if current is None else max(now_us(), current.updated + _MILLISECOND)


def change_of(
    current: Current | None,
    resource_type: str,
    logical_id: str,
    updated: int,
    method: str,
    content: bytes | None,
    rows: IndexRows,
) -> Change:
    """The change that makes this content the next version after `current`."""
    rank = rows.rank
    if rank is None:
        rank = updated if current is None else current.rank
    return Change(
        rid=rid_of(resource_type, logical_id) if current is None else current.rid,
        type=resource_type,
        logical_id=logical_id,
        version=1 if current is None else current.version + 1,
        updated=updated,
        rank=rank,
        method=method,
        content=content,
        packed=pack(rows),
        rows=rows,
        was=None if current is None else unpack(current.postings),
        was_rank=0 if current is None else current.rank,
    )


def deletion_of(current: Current) -> Change:
    return change_of(
        current, current.type, current.logical_id, new_version_time(current), DELETED, None, NO_ROWS
    )


__all__ = ["Change", "Current", "Store", "Version", "WriteConflict", "change_of", "deletion_of"]
