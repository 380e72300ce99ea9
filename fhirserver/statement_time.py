"""How many statements this thread has run on region stores, and how long they took: the request log's share of the story."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class _Spent(threading.local):
    """Only ever grows; a caller takes the difference. `seconds` waits for the database and reading its rows."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0


spent = _Spent()


def add(seconds: float) -> None:
    """One statement of this thread took so long."""
    of_thread = spent
    of_thread.count += 1
    of_thread.seconds += seconds


@contextmanager
def timed() -> Iterator[None]:
    """What runs inside counts as one statement."""
    began = perf_counter()
    try:
        yield
    finally:
        add(perf_counter() - began)
