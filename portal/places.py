"""Whoever waits for somebody outside holds a thread of the web server for as long as that one likes: WSGI has no limit of time for a
body that is read, and a read that was begun cannot be given up; a server elsewhere may answer a letter at a time. So only some of a
process's threads may wait at the same time, and half of them for one cause.

A prompt body or answer needs its place for a moment, and waits as short a time for one; slow ones use up the places, not the threads.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

WAIT_SECONDS = 1.0
LAST_THREAD_WAIT_SECONDS = 0.25


class NoPlace(OSError):
    """Too much that is slow is under way (503). Django takes it for a body that cannot be read."""


class Places:
    """The places of this process: all threads but one, and half of the threads for one cause."""

    def __init__(self, threads: int) -> None:
        self._in_all = max(1, threads - 1)
        self._for_one = max(1, threads // 2)
        self._taken: dict[str, int] = {}
        self._changed = threading.Condition()
        self._waiting = 0

    @contextmanager
    def place(self, cause: str) -> Iterator[None]:
        """Raises NoPlace when none gets free in a moment. `cause`: a deployment, the pages, the host that is asked."""
        with self._changed:
            if not self._is_free(cause):
                self._await(cause)
            self._taken[cause] = self._taken.get(cause, 0) + 1
        try:
            yield
        finally:
            with self._changed:
                left = self._taken.pop(cause) - 1
                if left:
                    self._taken[cause] = left
                self._changed.notify_all()

    def _is_free(self, cause: str) -> bool:
        return self._taken.get(cause, 0) < self._for_one and sum(self._taken.values()) < self._in_all

    def _await(self, cause: str) -> None:
        is_last_thread = sum(self._taken.values()) + self._waiting >= self._in_all
        self._waiting += 1
        try:
            patience = LAST_THREAD_WAIT_SECONDS if is_last_thread else WAIT_SECONDS
            if not self._changed.wait_for(lambda: self._is_free(cause), patience):
                raise NoPlace
        finally:
            self._waiting -= 1


places = Places(settings.WEB_THREADS)
