"""How much a deployment's size allows: requests a second (shared through Redis where there is one) and at once.

While Redis cannot be reached each process counts for itself, as it does where there is none: no request waits or fails for a count.
"""

import threading
import time
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from limits import RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from gateway.trouble import logger

REDIS_PATIENCE = 0.5  # seconds for one count
REDIS_PAUSE = 2.0  # seconds until a Redis that did not answer is asked again


class CurrentSecond:
    """Requests of this second by deployment and caller, in this process."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._second = 0
        self._counts: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()

    def hit(self, limit: int, deployment_id: str, caller: str) -> bool:
        second = int(self._clock())
        with self._lock:
            if second != self._second:
                self._second = second
                self._counts.clear()
            count = self._counts.get((deployment_id, caller), 0) + 1
            self._counts[deployment_id, caller] = count
        return count <= limit

    def forget(self) -> None:
        with self._lock:
            self._counts.clear()


current_second = CurrentSecond()


class _Outage:
    """Until when Redis is not asked, because it did not answer."""

    def __init__(self) -> None:
        self.ends = 0.0

    def begin(self, error: RedisError) -> None:
        self.ends = time.monotonic() + REDIS_PAUSE
        logger.warning("Redis does not answer, each process counts for itself: %s", type(error).__name__)


_outage = _Outage()


@lru_cache(maxsize=1)
def _shared() -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(
        RedisStorage(settings.REDIS_URL, socket_timeout=REDIS_PATIENCE, socket_connect_timeout=REDIS_PATIENCE)
    )


@lru_cache(maxsize=64)
def _per_second(requests: int) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(requests)


def take(requests_per_second: int, deployment_id: str, caller: str) -> bool:
    """Counts one request. `caller` is empty for all with a credential together, whose limit is the deployment's own, an
    address for those without, so that strangers cannot use up what the deployment's clients may use, or a credential that
    has a limit of its own."""
    if settings.REDIS_URL and time.monotonic() >= _outage.ends:
        try:
            return _shared().hit(_per_second(requests_per_second), deployment_id, caller)
        except RedisError as error:
            _outage.begin(error)
    return current_second.hit(requests_per_second, deployment_id, caller)


def forget_shared() -> None:
    """Connect anew to Redis, and at once (REDIS_URL is another)."""
    _shared.cache_clear()
    _outage.ends = 0.0


class Concurrency:
    """Requests under way by deployment, in this process."""

    def __init__(self) -> None:
        self._under_way: dict[str, int] = {}
        self._lock = threading.Lock()

    def enter(self, deployment_id: str, limit: int) -> bool:
        with self._lock:
            count = self._under_way.get(deployment_id, 0)
            if count >= limit:
                return False
            self._under_way[deployment_id] = count + 1
            return True

    def leave(self, deployment_id: str) -> None:
        with self._lock:
            count = self._under_way.get(deployment_id, 0) - 1
            if count > 0:
                self._under_way[deployment_id] = count
            else:
                self._under_way.pop(deployment_id, None)

    def under_way(self, deployment_id: str) -> int:
        return self._under_way.get(deployment_id, 0)


concurrency = Concurrency()
