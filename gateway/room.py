"""Whether a deployment's size has room for the resources that a request would create."""

import threading
import time
from dataclasses import dataclass

from fhirserver.partitions import Partition, count_resources

COUNT_SECONDS = 3600.0
FULL_COUNT_SECONDS = 1.0


@dataclass(slots=True)
class _Counted:
    at: float
    stored: int
    created_since: int = 0


class StoredResources:
    """Whether a deployment's size has room for more resources.

    Counting is slow, so a count is trusted until this process has used up a part of the room that it showed: one eighth, because
    other processes create resources too. A deployment that is full is counted once a second.
    """

    def __init__(self) -> None:
        self._counted: dict[Partition, _Counted] = {}
        self._lock = threading.Lock()

    def admit(self, partition: Partition, limit: int, coming: int) -> bool:
        now = time.monotonic()
        counted = self._counted.get(partition)
        if counted is None or self._is_worn(counted, now, limit, coming):
            counted = self._counted[partition] = _Counted(now, count_resources(partition))
        with self._lock:
            if counted.stored + counted.created_since + coming > limit:
                return False
            counted.created_since += coming
            return True

    def _is_worn(self, counted: _Counted, now: float, limit: int, coming: int) -> bool:
        room = limit - counted.stored
        age = now - counted.at
        if room <= 0:
            return age > FULL_COUNT_SECONDS
        return age > COUNT_SECONDS or counted.created_since + coming > room // 8

    def forget_all(self) -> None:
        self._counted.clear()


stored_resources = StoredResources()
