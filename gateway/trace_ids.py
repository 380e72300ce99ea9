"""Trace ids: 16 characters that sort by the second in which they were given.

The log is found by them, and an index into which they fall one after the other costs a fraction of one into which they fall anywhere:
each line would have to rewrite a page of its own.
"""

import itertools
import os
import secrets
import time

# The trace id of a request of our own pages begins so; all others are hexadecimal.
INSIDE_TRACE = "x"
_numbers = itertools.count(secrets.randbelow(1 << 16))
_process = secrets.token_hex(2)


def new_trace_id(is_inside: bool) -> str:
    """Seconds, process, number: no two of a process are the same while it gives fewer than 65,536 a second."""
    made = f"{int(time.time()):08x}{_process}{next(_numbers) & 0xFFFF:04x}"
    return f"{INSIDE_TRACE}{made[1:]}" if is_inside else made


def _forked() -> None:
    global _process
    _process = secrets.token_hex(2)


os.register_at_fork(after_in_child=_forked)
