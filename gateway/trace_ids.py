"""Trace ids: 16 characters that begin with the second in which they were given.

By that second a line of the log is found along the index by time: an index of trace ids would cost each request its part of writing it.
"""

import itertools
import os
import re
import secrets
import time
from datetime import UTC, datetime, timedelta

# The trace id of a request of our own pages begins so; all others are hexadecimal.
INSIDE_TRACE = "x"
_FORM = re.compile(r"([0-9a-f]{8}|x[0-9a-f]{7})[0-9a-f]{8}")
_INSIDE_TURN = 1 << 28  # seconds, eight and a half years: what is left of the time beside the letter
_FIRST = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
_DAY = timedelta(days=1).total_seconds()
_numbers = itertools.count(secrets.randbelow(1 << 16))
_process = secrets.token_hex(2)


def new_trace_id(began: float, is_inside: bool) -> str:
    """Second (`began` is a Unix time), process, number: no two of a process are the same while it gives fewer than 65,536 a second."""
    made = f"{int(began):08x}{_process}{next(_numbers) & 0xFFFF:04x}"
    return f"{INSIDE_TRACE}{made[1:]}" if is_inside else made


def span_of(trace_id: str) -> tuple[datetime, datetime] | None:
    """Between which its request began; None for what was not given by `new_trace_id`."""
    form = _FORM.fullmatch(trace_id)
    if form is None:
        return None
    latest = time.time() + _DAY
    second = int(form[1].replace(INSIDE_TRACE, "0"), 16)
    if trace_id.startswith(INSIDE_TRACE):
        second += int(latest - second) // _INSIDE_TURN * _INSIDE_TURN
    if not _FIRST <= second <= latest:
        return None
    at = datetime.fromtimestamp(second, UTC)
    # Lines of earlier versions may be off by a little: their time was reckoned back from the end of the answer.
    return at - timedelta(seconds=1), at + timedelta(seconds=2)


def _forked() -> None:
    global _process
    _process = secrets.token_hex(2)


os.register_at_fork(after_in_child=_forked)
