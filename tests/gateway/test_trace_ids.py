"""Trace ids: each its own, and each tells when its request began."""

import os
import re
import time
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from gateway.trace_ids import INSIDE_TRACE, new_trace_id, span_of


def test_ids_of_later_seconds_sort_after_earlier_ones() -> None:
    now = timezone.now()
    made = []
    for seconds in (0, 1, 60, 86_400, 400 * 86_400):
        with time_machine.travel(now + timedelta(seconds=seconds), tick=False):
            made.append(new_trace_id(time.time(), is_inside=False))
    assert made == sorted(made)


def test_each_is_given_once() -> None:
    made = [new_trace_id(time.time(), is_inside=False) for _ in range(10_000)]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in made)


def test_requests_of_our_own_pages_are_told_apart() -> None:
    made = new_trace_id(time.time(), is_inside=True)
    assert made.startswith(INSIDE_TRACE)
    assert re.fullmatch(f"{INSIDE_TRACE}[0-9a-f]{{15}}", made)


def test_a_forked_process_gives_others() -> None:
    with time_machine.travel(timezone.now(), tick=False):
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, " ".join(new_trace_id(time.time(), is_inside=False) for _ in range(50)).encode())
            os._exit(0)
        os.wait()
        theirs = os.read(reader, 4096).decode().split()
        ours = [new_trace_id(time.time(), is_inside=False) for _ in range(50)]
    assert len(theirs) == 50
    assert not set(theirs) & set(ours)


@pytest.mark.parametrize("years", [0, 1, 8, 9, 20])
@pytest.mark.parametrize("is_inside", [True, False])
def test_an_id_tells_when_its_request_began(is_inside: bool, years: int) -> None:
    began = timezone.now() + timedelta(days=365 * years)
    made = new_trace_id(began.timestamp(), is_inside=is_inside)
    for later in (timedelta(), timedelta(days=400)):
        with time_machine.travel(began + later, tick=False):
            span = span_of(made)
            assert span is not None
            assert span[0] <= began < span[1]
            assert span[1] - span[0] <= timedelta(seconds=3)


@pytest.mark.parametrize("asked", ["", "x", "0" * 16, "f" * 16, "g" * 16, "6a" * 9, "\u0666" * 16])
def test_what_is_no_id_of_ours_tells_no_time(asked: str) -> None:
    assert span_of(asked) is None
