"""What a run costs, read from /proc: CPU time and memory of the product's processes and of its database's."""

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Cpu(NamedTuple):
    """Seconds since the processes began: of the product, and of the sessions it has in PostgreSQL on this machine."""

    product: float
    database: float


def processes_below(pid: int) -> list[int]:
    """The process and all that it and its children started."""
    children: dict[int, list[int]] = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*/stat"):
        fields = _fields(int(path.parent.name))
        if fields:
            children[int(fields[1])].append(int(path.parent.name))
    found = [pid]
    for one in found:
        found += children[one]
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    return sum(int(fields[11]) + int(fields[12]) for pid in pids if (fields := _fields(pid))) / _TICKS


def resident_megabytes(pids: Iterable[int]) -> float:
    """Pages that processes share are counted for each."""
    return sum(int(fields[21]) for pid in pids if (fields := _fields(pid))) * _PAGE / 2**20


def _fields(pid: int) -> list[str]:
    """What follows the name in /proc/<pid>/stat; empty when the process has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
