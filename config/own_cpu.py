"""Each web process keeps to one CPU of its own where there are as many of them as CPUs (docs/adr/0026).

What one thread has in the caches of its CPU serves the thread that takes the next request, and one process of Python cannot use two CPUs anyway.
"""

import os
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import IO

_held: list[IO[bytes]] = []


def keep_to_own_cpu(processes: int, home: Path) -> int | None:
    """The CPU that this process keeps to from now on, with the threads and processes that it starts; None where it may use all.

    To be called by each of `processes` processes of one FIRESIDE_HOME before they start threads.
    """
    if not hasattr(os, "sched_setaffinity"):
        return None
    cpus = sorted(os.sched_getaffinity(0))
    if not 1 < len(cpus) <= processes:
        return None
    number = _take_number(processes, home)
    if number is None:
        return None
    own = cpus[number % len(cpus)]
    try:
        os.sched_setaffinity(0, {own})
    except OSError:
        # Some containers may not choose; all goes on as before.
        return None
    return own


def _take_number(processes: int, home: Path) -> int | None:
    """The first number below `processes` that no other process has. The kernel gives it back however this one ends."""
    for number in range(processes):
        lock = (home / f"web-{number}.lock").open("wb")
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _held.append(lock)
        return number
    return None
