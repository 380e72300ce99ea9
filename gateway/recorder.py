"""Writes the request log behind the requests: they leave a line in a queue, one thread a process stores the lines.

A few lines are stored within half a second, more of them together within two: most of what a transaction costs it costs for a single line too. They are
counted every six seconds. What a process that is killed has not stored or counted is lost. When the queue is full (the control database is down), lines
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

_TURN = 0.5  # seconds
_STORE_EVERY = 4  # turns
_COUNT_EVERY = 12
_FEW = 10
LONGEST_WAIT = _STORE_EVERY * _TURN  # seconds that a line waits in its queue
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
        """Stores the lines that wait; returns how many. Raises DatabaseError, and then keeps what it has not stored.

        Those that come meanwhile wait for the next time: they would be a transaction for every few of them, one after the other.
        """
        stored = 0
        with self._storing:
            waiting = len(self._queue)
            while stored < waiting:
                batch = [self._queue.popleft() for _ in range(min(_BATCH, waiting - stored))]
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
            atexit.register(self._store_all)
            # A child of multiprocessing (a granian worker) ends without running atexit.
            Finalize(None, self._store_all, exitpriority=10)

    def _run(self) -> None:
        for number in itertools.count(1):
            time.sleep(_TURN)
            if number % _STORE_EVERY == 0 or len(self._queue) <= _FEW:
                self._turn(number)

    def _turn(self, number: int) -> None:
        try:
            self._drain(and_count=number % _COUNT_EVERY == 0)
        except Exception:
            # A fault of ours costs the lines that met it, not all that come after them.
            logger.exception("lines of the request log were lost")

    def _drain(self, *, and_count: bool) -> int:
        """As `flush`; 0 when the database cannot be reached."""
        try:
            return self.flush(and_count=and_count)
        except DatabaseError as error:
            logger.warning("the request log cannot be written: %s", type(error).__name__)
            connection.close()
            return 0

    def _store_all(self) -> None:
        """Also what the last requests leave while the others' lines are stored."""
        while self._drain(and_count=True):
            pass


recorder = Recorder()
