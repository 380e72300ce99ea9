"""Counting failures, so that guessing passwords and secrets is slow. Counted in the cache that the web processes share."""

import hashlib
import time

from django.core.cache import cache
from django.http import HttpRequest

from portal.client_address import client_address as address_of


def client_address(request: HttpRequest) -> str:
    return address_of(request.META)


class Throttle:
    """At most `limit` failures in a window of `seconds`, counted under a name and what is being guessed."""

    def __init__(self, name: str, limit: int, seconds: int) -> None:
        self.name, self.limit, self.seconds = name, limit, seconds

    def retry_after(self, *subject: str) -> int:
        """Seconds to wait; 0 when there were not too many failures."""
        count = cache.get(self._key(subject), 0)
        return self.seconds - int(time.time()) % self.seconds if count >= self.limit else 0

    def failed(self, *subject: str) -> None:
        key = self._key(subject)
        cache.add(key, 0, self.seconds)
        try:
            cache.incr(key)
        except ValueError:
            cache.set(key, 1, self.seconds)

    def succeeded(self, *subject: str) -> None:
        cache.delete(self._key(subject))

    def _key(self, subject: tuple[str, ...]) -> str:
        window = int(time.time()) // self.seconds
        return f"throttle-{self.name}-{window}-{hashlib.sha256(repr(subject).encode()).hexdigest()[:32]}"
