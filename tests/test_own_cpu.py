"""Web processes that keep to a CPU of their own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

if not hasattr(os, "sched_getaffinity"):
    pytest.skip("this system does not let processes choose their CPUs", allow_module_level=True)

CPUS = sorted(os.sched_getaffinity(0))[:2]
if len(CPUS) < 2:
    pytest.skip("this machine has one CPU", allow_module_level=True)

# Says what it keeps to and what it may use, and stays until its input ends.
WEB_PROCESS = """
import os, sys
from pathlib import Path
from config.own_cpu import keep_to_own_cpu
os.sched_setaffinity(0, {cpus})
print(keep_to_own_cpu({processes}, Path({home!r})), sorted(os.sched_getaffinity(0)), flush=True)
sys.stdin.read()
"""


FORBIDDEN = """
import os
from pathlib import Path
from config.own_cpu import keep_to_own_cpu
os.sched_setaffinity(0, {cpus})
def refused(*_):
    raise PermissionError("not in this container")
os.sched_setaffinity = refused
print(keep_to_own_cpu(2, Path({home!r})))
"""


@contextmanager
def web_process(home: Path, processes: int) -> Iterator[str]:
    script = WEB_PROCESS.format(cpus=set(CPUS), processes=processes, home=str(home))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


def kept(cpu: int) -> str:
    return f"{cpu} [{cpu}]"


def test_as_many_processes_as_cpus_have_one_each(tmp_path: Path) -> None:
    with web_process(tmp_path, 2) as first, web_process(tmp_path, 2) as second:
        assert [first, second] == [kept(CPUS[0]), kept(CPUS[1])]


def test_a_process_that_follows_a_dead_one_has_its_cpu(tmp_path: Path) -> None:
    with web_process(tmp_path, 2):
        with web_process(tmp_path, 2) as second:
            assert second == kept(CPUS[1])
        with web_process(tmp_path, 2) as following:
            assert following == kept(CPUS[1])


def test_more_processes_than_cpus_share_them(tmp_path: Path) -> None:
    with web_process(tmp_path, 3), web_process(tmp_path, 3), web_process(tmp_path, 3) as third:
        assert third == kept(CPUS[0])


@pytest.mark.parametrize("processes", [0, 1])
def test_fewer_processes_than_cpus_use_all(tmp_path: Path, processes: int) -> None:
    with web_process(tmp_path, processes) as said:
        assert said == f"None {CPUS}"


def test_one_that_is_too_many_uses_all(tmp_path: Path) -> None:
    with web_process(tmp_path, 2), web_process(tmp_path, 2), web_process(tmp_path, 2) as third:
        assert third == f"None {CPUS}"


def test_where_it_may_not_choose_it_uses_all(tmp_path: Path) -> None:
    script = FORBIDDEN.format(cpus=set(CPUS), home=str(tmp_path))
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert said.stdout == "None\n"
