"""Writes the request log behind the requests: they leave a line in a queue, one thread a process stores the lines.

At most HALF_A_SECOND passes between an answer and its line, and TALLY_EVERY of those until it is counted. When the queue is full (the control database is down), lines
are dropped and counted: a request never waits for its log. A clean stop stores what is left.
"""

import atexit
import itertools
import os
import threading
import time
from collections import deque
from multiprocessing.util import Finalize

from django.conf import settings
from django.db import DatabaseError, connection

from gateway.front import Exchange
from gateway.log_lines import Line, line_of, store
from gateway.tally import Tally
from gateway.trouble import logger

HALF_A_SECOND = 0.5
TALLY_EVERY = 10
CAPACITY = 50_000
_BATCH = 1000


class Recorder:
    """`record` may be called from any thread. In tests (GATEWAY_RECORDER_THREAD off) the caller calls `flush`."""

    def __init__(self) -> None:
        self._queue: deque[Line] = deque()
        self._thread_of: int = 0  # process id; a fork has to start its own
        self._starting = threading.Lock()
        self._storing = threading.Lock()
        self._tally = Tally()
        self.dropped = 0

    def record(self, exchange: Exchange, status: int, interaction: str, sent: int) -> None:
        if not exchange.known:
            return
        if len(self._queue) >= CAPACITY:
            self.dropped += 1
            return
        self._queue.append(line_of(exchange, status, interaction, sent))
        if self._thread_of != os.getpid() and settings.GATEWAY_RECORDER_THREAD:
            self._start()

    def flush(self, *, and_count: bool = True) -> int:
        """Stores all lines that wait; returns how many. Raises DatabaseError, and then keeps what it has not stored."""
        stored = 0
        with self._storing:
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(_BATCH, len(self._queue)))]
                try:
                    store(batch)
                except DatabaseError:
                    self._queue.extendleft(reversed(batch))
                    raise
                self._tally.add(batch)
                stored += len(batch)
            if and_count:
                self._tally.store()
        return stored

    def forget(self) -> None:
        """Drops what waits (a test that was rolled back)."""
        self._queue.clear()
        self._tally.forget()

    def _start(self) -> None:
        with self._starting:
            if self._thread_of == os.getpid():
                return
            self._thread_of = os.getpid()
            threading.Thread(target=self._run, name="request-log", daemon=True).start()
            atexit.register(self._drain)
            # A child of multiprocessing (a granian worker) ends without running atexit.
            Finalize(None, self._drain, exitpriority=10)

    def _run(self) -> None:
        for number in itertools.count(1):
            time.sleep(HALF_A_SECOND)
            self._drain(and_count=number % TALLY_EVERY == 0)

    def _drain(self, and_count: bool = True) -> None:
        try:
            self.flush(and_count=and_count)
        except DatabaseError as error:
            logger.warning("the request log cannot be written: %s", type(error).__name__)
            connection.close()


recorder = Recorder()
