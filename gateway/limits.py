"""How much a deployment's size allows: requests a second (shared through Redis where there is one) and at once."""

import threading
from functools import lru_cache

from django.conf import settings
from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter

from deployments.sizes import Size


@lru_cache(maxsize=1)
def _limiter() -> FixedWindowRateLimiter:
    storage: Storage = RedisStorage(settings.REDIS_URL) if settings.REDIS_URL else MemoryStorage()
    return FixedWindowRateLimiter(storage)


@lru_cache(maxsize=64)
def _per_second(requests: int) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(requests)


def take(size: Size, deployment_id: str, caller: str) -> bool:
    """Counts one request. `caller` is empty for those with a credential, whose limit is the deployment's own, and an
    address for those without, so that strangers cannot use up what the deployment's clients may use."""
    return _limiter().hit(_per_second(size.requests_per_second), deployment_id, caller)


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
