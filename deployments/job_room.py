"""The jobs that this process works on: side by side, but alone the one whose worker died, because it may be what ended the process.

So no job is blamed for the end of a worker that it only shared with another.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_door = threading.Lock()  # held by who enters, and until it leaves by who is to be alone
_changed = threading.Condition()
_inside = 0


@contextmanager
def place(*, alone: bool) -> Iterator[None]:
    """Waits until nobody is alone in here, or wants to be; who is to be alone waits for all others to leave."""
    if alone:
        with _door:
            with _changed:
                _changed.wait_for(lambda: _inside == 0)
            yield
        return
    with _door:
        _count(1)
    try:
        yield
    finally:
        _count(-1)


def _count(more: int) -> None:
    global _inside
    with _changed:
        _inside += more
        _changed.notify_all()
