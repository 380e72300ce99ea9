"""Reading a body holds a thread of the web server for as long as its sender likes: WSGI has no limit of time, and a read that was
begun cannot be given up. So only some of a process's threads may read bodies at the same time, and half of them for one deployment.

A prompt body needs its place for microseconds, and waits as short a time for one; slow senders use up the places, not the threads.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

WAIT_SECONDS = 1.0
LAST_THREAD_WAIT_SECONDS = 0.25
PAGES = "pages"


class NoPlace(OSError):
    """Too many slow bodies are under way (503). Django takes it for a body that cannot be read."""


class BodyPlaces:
    """The places of this process: all threads but one, and half of the threads for one deployment."""

    def __init__(self, threads: int) -> None:
        self._in_all = max(1, threads - 1)
        self._for_one = max(1, threads // 2)
        self._taken: dict[str, int] = {}
        self._changed = threading.Condition()
        self._waiting = 0

    @contextmanager
    def place(self, deployment_id: str) -> Iterator[None]:
        """Raises NoPlace when none gets free in a moment. `deployment_id` may be PAGES."""
        with self._changed:
            if not self._is_free(deployment_id):
                self._await(deployment_id)
            self._taken[deployment_id] = self._taken.get(deployment_id, 0) + 1
        try:
            yield
        finally:
            with self._changed:
                left = self._taken.pop(deployment_id) - 1
                if left:
                    self._taken[deployment_id] = left
                self._changed.notify_all()

    def _is_free(self, deployment_id: str) -> bool:
        return self._taken.get(deployment_id, 0) < self._for_one and sum(self._taken.values()) < self._in_all

    def _await(self, deployment_id: str) -> None:
        is_last_thread = sum(self._taken.values()) + self._waiting >= self._in_all
        self._waiting += 1
        try:
            patience = LAST_THREAD_WAIT_SECONDS if is_last_thread else WAIT_SECONDS
            if not self._changed.wait_for(lambda: self._is_free(deployment_id), patience):
                raise NoPlace
        finally:
            self._waiting -= 1


body_places = BodyPlaces(settings.WEB_THREADS)


class PlacedBody:
    """The body of a page's request: each read takes a place."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        with body_places.place(PAGES):
            return bytes(self._stream.read(size))

    def readline(self, size: int = -1) -> bytes:
        with body_places.place(PAGES):
            return bytes(self._stream.readline(size))
